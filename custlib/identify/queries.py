"""Writes the one select that is asked of a database, and says its refusals without its address."""

import re

from custlib.errors import CustlibError, RunError, TableError

_REFUSED = (
    (r"password authentication failed|access denied|login failed|no password supplied|authentication",
     "refuses the user or the password"),
    (r"database .* does not exist|unknown database|cannot open database", "has no database of that name"),
    (r"could not translate host|name or service not known|getaddrinfo|unknown host|nodename nor servname",
     "cannot be found: there is no host of that name"),
    (r"terminating connection|closed the connection|reset by peer|connection .*(lost|closed|terminated)",
     "ended the connection"),
    (r"connection refused|timed? ?out|could not connect|can't connect|unreachable|failed to connect",
     "cannot be reached"),
    (r"too many (clients|connections)", "has too many connections already"),
)  # fmt: skip


def quoted(name: str) -> str:
    """Quote a name as standard SQL does.

    Examples
    --------
    >>> print(quoted('the "day" sold'))
    "the ""day"" sold"
    """
    return '"' + name.replace('"', '""') + '"'


def subquery(query: str) -> str:
    """Write a query so that one can select from it; what is no select is an error there.

    Examples
    --------
    >>> print(subquery("select 1 as x -- one;"))
    (select 1 as x -- one
    ) q
    """
    return f"({query.strip().rstrip(';').rstrip()}\n) q"


def refused(name: str, variable: str, fault: Exception) -> CustlibError:
    """Say why a connection failed, without address, user or password.

    Examples
    --------
    >>> str(refused("sales", "SHOP_DB_URL", OSError("could not connect to 10.0.0.7: Connection refused")))
    'sales: the database of SHOP_DB_URL cannot be reached. Check the address in SHOP_DB_URL, and that it runs.'
    """
    text = str(fault).lower()
    why = next((said for form, said in _REFUSED if re.search(form, text)), f"cannot be opened ({type(fault).__name__})")
    return RunError(f"{name}: the database of {variable} {why}. Check the address in {variable}, and that it runs.")


def is_refusal(fault: Exception) -> bool:
    """Tell whether a fault is about the connection, not about what was asked."""
    return any(re.search(form, str(fault).lower()) for form, _ in _REFUSED)


def wrong(name: str, what: str) -> TableError:
    """Say that a table or query cannot be read as asked."""
    return TableError(f"{name}: {what}. Correct table or query in the project file.")
