; A payload for bench_snapshot: behind each exit it stores to RSI pages from RDI on, counts RBX down,
; and exits again. The exit is not at the start of a page, where few guests have one: there Unicorn
; does not keep that it is one, and looks anew each time.
    bits 64
    org 0x10000
    nop
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
