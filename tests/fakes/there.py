"""What may be None, and is not in a test."""

from typing import TypeVar

ValueT = TypeVar("ValueT")


def there(value: ValueT | None) -> ValueT:
    """Return the value; None fails the test."""
    assert value is not None
    return value
