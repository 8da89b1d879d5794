/*
 * settings.h: what the org remembers about itself in the data file, beside the records: its credentials and when its
 * metadata last changed. One table of names and texts. Called by org.c. Threads: takes the store's lock.
 */
#ifndef SFO_SETTINGS_H
#define SFO_SETTINGS_H
#include "store/store.h"

/* Makes the table where it is missing. */
sf_status sfo_settings_open(sfo_store *store, sf_error *err);
/* @param out owned by the caller, ends with sfi_free_secret; NULL when the name is not there. */
sf_status sfo_settings_get(sfo_store *store, const char *name, char **out, sf_error *err);
sf_status sfo_settings_set(sfo_store *store, const char *name, const char *value, sf_error *err);
/* The kept text; at first, a new random one of len letters and digits behind prefix, which is then kept. */
sf_status sfo_settings_secret(sfo_store *store, const char *name, const char *prefix, size_t len, char **out,
                              sf_error *err);
/* len random letters and digits and a NUL; fit for keys. */
void sfo_random_text(char *out, size_t len);
#endif
