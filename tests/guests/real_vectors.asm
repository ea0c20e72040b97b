; In real mode: reports 1, waits, and reports SP in the handler that every vector has; again and
; again. The client's vector comes between the two.
%include "report.inc"
    bits 16
    org REAL_BASE
    jmp 0:start
start:
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov di, 0
    mov cx, 256
    mov eax, handler
    rep stosd
again:
    mov sp, 0x7000
    sti
    report 1
    jmp $
handler:
    movzx eax, sp
    report_eax
    jmp again
