; As execute.asm, in 32-bit and in 16-bit protected mode: runs the code that the client puts at
; 0xa010, by way of the far pointer that it puts at 0x7f00. The code ends with a far jump to 0x8100
; (LEGACY_CODE_32). If it takes an interrupt or an exception, EBP is the vector.
%include "report.inc"
EXIT_PAGE equ 0xfff000
    start_legacy
    jmp again
    times 0x100 - ($ - $$) db 0x90
again:
    mov dword [EXIT_PAGE], 0
    jmp far [0x7f00]
on_vector:
    mov ebp, eax
    mov esp, LEGACY_STACK
    jmp again
    legacy_tables
