"""What tests stand on: real servers, a clock that is set by hand, and one factory a noun."""
