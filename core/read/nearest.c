/* SPDX-License-Identifier: MIT */
#include "read/nearest.h"

#define LONGEST_NAME 64


static int smallest(int a, int b, int c) {
    int least = a < b ? a : b;
    return least < c ? least : c;
}


/* Levenshtein's distance between two names, in one row of the table. */
static int distance(struct pw_slice name, struct pw_slice other) {
    int row[LONGEST_NAME + 1];
    for (size_t i = 0; i <= name.size; i++) {
        row[i] = (int)i;
    }
    for (size_t j = 0; j < other.size; j++) {
        int diagonal = row[0]++;
        for (size_t i = 1; i <= name.size; i++) {
            int cost = diagonal + (name.data[i - 1] != other.data[j]);
            diagonal = row[i];
            row[i] = smallest(row[i] + 1, row[i - 1] + 1, cost);
        }
    }
    return row[name.size];
}


struct pw_nearest_search pw_nearest_start(struct pw_slice name) {
    return (struct pw_nearest_search){name, (int)(name.size / 2) + 1};
}


bool pw_nearest_offer(struct pw_nearest_search *search, struct pw_slice candidate) {
    if (search->name.size > LONGEST_NAME || candidate.size > LONGEST_NAME) {
        return false;
    }
    int edits = distance(search->name, candidate);
    if (edits >= search->least_edits) {
        return false;
    }
    search->least_edits = edits;
    return true;
}
