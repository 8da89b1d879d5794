/* seed_names.h: names, places and phrases of the sample data, see seed_names.c. Constant. */
#ifndef SFO_SEED_NAMES_H
#define SFO_SEED_NAMES_H
#include <stddef.h>

enum { SEED_NAMES = 8, SEED_CITIES = 3, SEED_WORDS = 4, SEED_FORMS = 2 };

typedef struct seed_name {
    const char *text, *ascii;
} seed_name; /* as it is written, and as it stands in an address */

typedef struct seed_city {
    const char *city, *state, *postal_code, *phone; /* state NULL: none; phone: country and area code */
    double latitude, longitude;
} seed_city;

typedef struct seed_locale {
    const char *country, *domain; /* domain: the end of host names */
    int weight;                   /* of all locales' weights, how often */
    seed_name first[SEED_NAMES], last[SEED_NAMES];
    seed_city cities[SEED_CITIES];
    const char *street;            /* %d: the number */
    const char *words[SEED_WORDS]; /* what companies do */
    const char *forms[SEED_FORMS]; /* legal forms */
} seed_locale;

extern const seed_locale seed_locales[];
extern const size_t seed_locale_count;

typedef struct seed_list {
    const char *const *texts;
    size_t count;
} seed_list;
extern const seed_list seed_titles, seed_departments, seed_deals, seed_case_subjects, seed_task_subjects,
    seed_event_subjects, seed_campaigns, seed_products;
#endif
