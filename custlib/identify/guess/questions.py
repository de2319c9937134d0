"""What a file cannot tell: one exact question for each thing, asked on a terminal, else written into the file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, eq=False)
class Answer:
    """One answer to a question, and what it sets; None takes a key out."""

    text: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Question:
    """A question with its answers, the likelier first.

    ``can_guess`` is false where no answer is likelier than the others, so that ``--yes`` does not take one.
    """

    key: str
    text: str
    answers: tuple[Answer, ...]
    can_guess: bool = True

    def shown(self) -> list[str]:
        """The question and its numbered answers.

        Examples
        --------
        >>> Question("date_format", "Day or month first?", (Answer("3 April 2025"), Answer("4 March 2025"))).shown()
        ['Day or month first?', '  1) 3 April 2025', '  2) 4 March 2025']
        """
        return [self.text, *(f"  {place}) {answer.text}" for place, answer in enumerate(self.answers, 1))]


def asked_on_terminal(question: Question, read: Callable[[str], str] = input) -> Answer:
    """Ask until a number of an answer comes; an empty line takes the first, if it may be guessed."""
    print("\n" + "\n".join(question.shown()))
    numbers = {str(place): answer for place, answer in enumerate(question.answers, 1)}
    prompt = f"Answer with 1 to {len(numbers)}" + (" (1): " if question.can_guess else ": ")
    while True:
        text = read(prompt).strip()
        if not text and question.can_guess:
            return question.answers[0]
        if text in numbers:
            return numbers[text]
