"""custlib: who your customers are, what each is worth, how they differ, and what to do about it.

``custlib.open_run`` opens a project in a notebook; every module can also be imported by itself.
"""

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Load the notebook door only when asked for, so that ``import custlib`` stays light."""
    if name == "open_run":
        from custlib.workspace import open_run

        return open_run
    raise AttributeError(f"module 'custlib' has no attribute {name!r}")
