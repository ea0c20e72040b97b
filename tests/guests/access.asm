; Makes one access and ends, again and again. The client chooses: RSI is the place in the list at
; the end, RDI the address or DX the port. Ends once before the first access.
%include "common.inc"
    bits 64
    org 0x10000
again:
    done
    mov esp, STACK_0
    jmp [list + rsi * 8]
load_byte:
    mov al, [rdi]
    jmp again
store_byte:
    mov [rdi], al
    jmp again
load_quad:
    mov rax, [rdi]
    jmp again
store_quad:
    mov [rdi], rax
    jmp again
in_byte:
    in al, dx
    jmp again
in_word:
    in ax, dx
    jmp again
in_double:
    in eax, dx
    jmp again
out_byte:
    out dx, al
    jmp again
out_word:
    out dx, ax
    jmp again
out_double:
    out dx, eax
    jmp again
call_there:
    call rdi
    jmp again
list:
    dq load_byte, store_byte, load_quad, store_quad
    dq in_byte, in_word, in_double, out_byte, out_word, out_double
    dq call_there
