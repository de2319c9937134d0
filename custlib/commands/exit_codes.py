"""The exit codes of every command."""

BELOW_LIGHT = 7
EXIT_CODES = {
    0: "done",
    1: "a bug of custlib",
    2: "a wrong option, argument or project file",
    3: "the data break the contract",
    4: "no model can be fitted to these customers",
    5: "the machine: disk, memory, database or notebook",
    6: "another run of this project is under way",
    BELOW_LIGHT: "published, but the light of the forecast is as bad as --fail-on says, or there is none",
}


def listed() -> str:
    """List the exit codes, one a line."""
    return "exit codes:\n" + "\n".join(f"  {code}  {meaning}" for code, meaning in EXIT_CODES.items())
