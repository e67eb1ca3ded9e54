// The programs that draw the plots of a page, as ./dev setup has fetched them; a build without them has empty texts here.
    .section .rodata

    .global mlean_vega_script
    .global mlean_vega_script_end
mlean_vega_script:
#if __has_include("../.deps/plots/vega.min.js")
    .incbin "../.deps/plots/vega.min.js"
#endif
mlean_vega_script_end:
    .byte 0

    .global mlean_vega_lite_script
    .global mlean_vega_lite_script_end
mlean_vega_lite_script:
#if __has_include("../.deps/plots/vega-lite.min.js")
    .incbin "../.deps/plots/vega-lite.min.js"
#endif
mlean_vega_lite_script_end:
    .byte 0

    .global mlean_vega_embed_script
    .global mlean_vega_embed_script_end
mlean_vega_embed_script:
#if __has_include("../.deps/plots/vega-embed.min.js")
    .incbin "../.deps/plots/vega-embed.min.js"
#endif
mlean_vega_embed_script_end:
    .byte 0

    .section .note.GNU-stack,"",%progbits
