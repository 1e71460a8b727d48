// An object file without descriptions.
extern const int nothing_of_interest = 1;
