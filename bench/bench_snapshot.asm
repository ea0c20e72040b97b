; A payload for bench_snapshot: behind each exit it stores to RSI pages from RDI on, counts RBX down,
; and exits again.
    bits 64
    org 0x10000
next:
    out 0x11, al
.page:
    mov [rdi], rsi
    add rdi, 0x1000
    dec rsi
    jnz .page
.count:
    dec rbx
    jnz .count
    jmp next
