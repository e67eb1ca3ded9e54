    .section .rodata
    .global mlean_status_page
    .global mlean_status_page_end
    .global mlean_tracking_page
    .global mlean_tracking_page_end
mlean_status_page:
    .incbin "ui/status_page.html"
mlean_status_page_end:
    .byte 0
mlean_tracking_page:
    .incbin "ui/tracking_page.html"
mlean_tracking_page_end:
    .byte 0
    .section .note.GNU-stack,"",%progbits
