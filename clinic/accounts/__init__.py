"""Staff accounts: signing in, the second step, locked screens, invitations. Who may do what is in `clinic.access`."""
