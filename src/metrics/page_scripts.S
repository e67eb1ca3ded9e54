// The bytes between mlean_NAME and mlean_NAME_end are a script of page_scripts.hpp; none when it was not fetched.
    .section .rodata
#if __has_include("../.deps/plots/vega.min.js") && __has_include("../.deps/plots/vega-lite.min.js") && __has_include("../.deps/plots/vega-embed.min.js")
#define SCRIPT(file) .incbin file
#else
#define SCRIPT(file)
#endif
    .global mlean_vega
    .global mlean_vega_end
mlean_vega:
    SCRIPT("../.deps/plots/vega.min.js")
mlean_vega_end:
    .byte 0
    .global mlean_vega_lite
    .global mlean_vega_lite_end
mlean_vega_lite:
    SCRIPT("../.deps/plots/vega-lite.min.js")
mlean_vega_lite_end:
    .byte 0
    .global mlean_vega_embed
    .global mlean_vega_embed_end
mlean_vega_embed:
    SCRIPT("../.deps/plots/vega-embed.min.js")
mlean_vega_embed_end:
    .byte 0
    .section .note.GNU-stack,"",%progbits
