# Aliases only: everything works without make.
.PHONY: up check test

up:
	./sentinel up

check:
	./sentinel test --quick

test:
	./sentinel test
