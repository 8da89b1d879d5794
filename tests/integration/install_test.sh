#!/usr/bin/env bash
# An installed prefix serves programs outside the tree: found by pkg-config (shared and static) and by CMake, compiled as
# C17 and C++17, run. Also: each public header stands alone, and only sf_ names are exported, those of abi/symbols.txt.
set -euo pipefail
build=${SF_BINARY_DIR:?} source=${SF_SOURCE_DIR:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAIL: $*" >&2; exit 1; }

cmake --install "$build" --prefix "$work/prefix" >"$work/install.log" || { cat "$work/install.log"; fail "install"; }
export PKG_CONFIG_PATH=$work/prefix/lib/pkgconfig:$work/prefix/lib/$(gcc -print-multiarch)/pkgconfig
libdir=$(pkg-config --variable=libdir salesforce)
export LD_LIBRARY_PATH=$libdir
sanitize=$(grep -oE -- '-fsanitize=[a-z,]+' "$build/CMakeCache.txt" | head -1 || true)
cc=$(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt"); cc=${cc:-cc}

cat >"$work/consumer.c" <<'EOT'
#include <salesforce.h>
#include <stdio.h>
#include <string.h>
int main(void)
{
    sf_error err;
    sf_document *doc = NULL;
    if (sf_document_parse("{\"a\":{\"b\":42}}", 14, &doc, &err) != SF_OK) return 1;
    int ok = sf_get_int(sf_document_root(doc), "a.b", 0) == 42 && strlen(sf_version()) > 0;
    sf_document_free(doc);
    printf("consumer %s %s\n", sf_version(), ok ? "ok" : "wrong");
    return !ok;
}
EOT
# shellcheck disable=SC2046
"$cc" -std=c17 $sanitize "$work/consumer.c" $(pkg-config --cflags --libs salesforce) -o "$work/shared" && "$work/shared" | grep -q ok || fail "shared, pkg-config"
readelf -d "$work/shared" | grep -q 'libsalesforce\.so\.[0-9]' || fail "no SONAME with a version"
rm -f "$work/nothing"
"$cc" -std=c17 $sanitize "$work/consumer.c" $(pkg-config --cflags salesforce) "$libdir/libsalesforce.a" \
    $(pkg-config --static --libs-only-l salesforce | sed 's/-lsalesforce//') -o "$work/static" && "$work/static" | grep -q ok || fail "static, pkg-config"

mkdir "$work/cmake" && cp "$work/consumer.c" "$work/cmake/"
cat >"$work/cmake/CMakeLists.txt" <<'EOT'
cmake_minimum_required(VERSION 3.25)
project(consumer C CXX)
find_package(Salesforce 0.1 REQUIRED)
add_executable(consumer consumer.c)
target_link_libraries(consumer Salesforce::salesforce)
add_executable(consumer_static consumer.c)
target_link_libraries(consumer_static Salesforce::salesforce_static)
set_target_properties(consumer_static PROPERTIES LINKER_LANGUAGE CXX)
EOT
cmake -S "$work/cmake" -B "$work/cmake/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_C_COMPILER="$cc" \
    -DCMAKE_C_FLAGS="$sanitize" -DCMAKE_CXX_FLAGS="$sanitize" -DCMAKE_EXE_LINKER_FLAGS="$sanitize" >"$work/cmake.log" 2>&1 \
    && ninja -C "$work/cmake/build" >>"$work/cmake.log" 2>&1 || { cat "$work/cmake.log"; fail "CMake consumer"; }
"$work/cmake/build/consumer" | grep -q ok || fail "CMake consumer runs"
"$work/cmake/build/consumer_static" | grep -q ok || fail "CMake static consumer runs"

for header in "$work"/prefix/include/salesforce.h "$work"/prefix/include/salesforce/*.h; do
    name=${header#"$work"/prefix/include/}
    echo "#include <$name>" >"$work/h.c"; cp "$work/h.c" "$work/h.cc"
    gcc -std=c17 -Wall -Wextra -pedantic -Werror -I"$work/prefix/include" -fsyntax-only "$work/h.c" || fail "$name as C17"
    g++ -std=c++17 -Wall -Wextra -pedantic -Werror -I"$work/prefix/include" -fsyntax-only "$work/h.cc" || fail "$name as C++17"
done

nm -D --defined-only "$libdir/libsalesforce.so" | awk '{ print $3 }' | grep -v '^_' | sort >"$work/symbols"
grep -qv '^sf_' "$work/symbols" && fail "exports beside sf_: $(grep -v '^sf_' "$work/symbols" | head -3 | tr '\n' ' ')"
diff -u "$source/abi/symbols.txt" "$work/symbols" || fail "exported names differ from abi/symbols.txt (see above; a new function is added there, a released one never goes)"
for symbol in $(grep -ohE '\bsf_[a-z0-9_]+\(' "$work"/prefix/include/salesforce/*.h | tr -d '(' | sort -u); do
    grep -qx "$symbol" "$work/symbols" || grep -qE "static inline [a-z_ ]+\*?$symbol\(" "$work"/prefix/include/salesforce/*.h ||
        grep -qE "\(\*$symbol\)" "$work"/prefix/include/salesforce/*.h || fail "$symbol is declared and not exported"
done
[[ -x $work/prefix/bin/sforce && -x $work/prefix/bin/sforce-org ]] || fail "programs are not installed"
[[ -s $work/prefix/share/man/man1/sforce.1 ]] || fail "no man page"
man -l --warnings -E UTF-8 "$work/prefix/share/man/man1/sforce.1" >/dev/null 2>"$work/man.log" || fail "man page does not format"
[[ ! -s $work/man.log ]] || { cat "$work/man.log"; fail "man page warnings"; }
echo "installed: pkg-config, CMake, shared, static, headers, $(wc -l <"$work/symbols") exported names, man pages"
