module greenfield.local/testbed/pause

go 1.24.0
