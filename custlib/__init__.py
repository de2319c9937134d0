"""custlib: who your customers are, what each is worth, how they differ, and what to do about it.

``custlib.open_run`` opens a project in a notebook; ``custlib.from_lifetimes`` and ``custlib.to_lifetimes`` turn models
of that package into ours and back; every module can also be imported by itself.
"""

__version__ = "0.2.0"


def __getattr__(name: str) -> object:
    """Load a door only when asked for, so that ``import custlib`` stays light."""
    if name == "open_run":
        from custlib.run import open_run

        return open_run
    if name in ("from_lifetimes", "to_lifetimes"):
        from custlib.lifetimes import adapters

        return getattr(adapters, name)
    raise AttributeError(f"module 'custlib' has no attribute {name!r}")
