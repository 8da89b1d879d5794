/* derive.h: the computations of compute.c and derive.c that the table in compute.c names. See sfo_compute. */
#ifndef SFO_DERIVE_H
#define SFO_DERIVE_H
#include "store/store_internal.h"

bool sfo_before_task(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f);
bool sfo_before_event(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f);
bool sfo_before_line_item(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f);
bool sfo_after_line_item(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f);
bool sfo_before_pricebook_entry(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f);
bool sfo_before_order_item(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f);
bool sfo_before_campaign_member(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f);
bool sfo_before_attachment(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f);
bool sfo_before_content_version(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f);
bool sfo_after_content_version(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f);
/* topics.c */
bool sfo_before_push_topic(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f);
bool sfo_before_streaming_channel(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f);
#endif
