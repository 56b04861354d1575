"""The actions of a step, one file each; what an action is stands in action.py."""
