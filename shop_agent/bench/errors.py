"""What the bench refuses, beside `shop_agent.errors.Refused`."""


class NoSuchThing(Exception):
    """There is no task, run or machine of this name."""


class AnsweredOtherwise(Exception):
    """This task was answered before, with another answer."""
