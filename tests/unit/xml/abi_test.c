/* abi_test.c: what compiled programs rely on in xml.h: see support/abi.h. */
#include "support/abi.h"
#include <salesforce/xml.h>

static void test_abi__xml(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_xml_element, 16),
        AT(sf_xml_element, doc, 0),
        AT(sf_xml_element, node, 8),
        NUMBER(SF_XML_BYTES_MAX, 67108864),
        NUMBER(SF_XML_WRITE_MAX, 52428800),
        NUMBER(SF_XML_DEPTH_MAX, 128),
        NUMBER(SF_XML_ELEMENTS_MAX, 4000000),
        NUMBER(SF_XML_TAG_BYTES_MAX, 8192),
    };
    ABI_ASSERT(state, pins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_abi__xml),
    };
    return ABI_RUN("abi of xml", tests);
}
