; A page fault whose handler lies in a page that is absent: it faults for ever, on a stack of its
; own, and no block of code ever runs.
%include "common.inc"
PAGE_FAULT equ 14
    bits 64
    org 0x10000
    load_tables
    mov byte [table_idt + PAGE_FAULT * 16 + 4], 1   ; IST 1
    mov dword [table_idt + PAGE_FAULT * 16 + 8], 1  ; Beyond 4 GiB.
    mov rax, [abs 0x7ffffff0]
on_vector:
    done
    tables
