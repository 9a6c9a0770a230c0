"""The mini-internet itself, looked at with clients that know nothing of ours."""
