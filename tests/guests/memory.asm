; Works with memory that the client shares or takes away. RDX is the place in the list at the end.
%include "common.inc"
    bits 64
    org 0x10000
    mov esp, STACK_0
    jmp [list + rdx * 8]

; Loads from RDI and counts at 0x20000, until the client stores something at 0x20008.
load:
    mov rax, [rdi]
    inc qword [0x20000]
    cmp qword [0x20008], 0
    je load
    done

; Answers each request at RDI with its double at RDI + 8; ends at a request of 0.
answer:
    mov rbx, 1                  ; The last request seen; the client begins with 2.
.wait:
    mov rax, [rdi]
    cmp rax, rbx
    je .wait
    mov rbx, rax
    test rax, rax
    jz .end
    add rax, rax
    mov [rdi + 8], rax
    jmp .wait
.end:
    done

; Stores RAX at RDI, unless RSI says not to, loads from there into RBX, and ends.
store_and_load:
    test rsi, rsi
    jnz .load
    mov [rdi], rax
.load:
    mov rbx, [rdi]
    done
    jmp store_and_load

list:
    dq load, answer, store_and_load
