"""A button pressed again does nothing twice: `models` keeps presses, `presses` answers them, `context` names them."""
