typedef int pw_empty;
