; Litmus tests of the order of memory. RDX is the place in the list at the end, RCX the number of
; rounds.
%include "common.inc"
    bits 64
    org 0x10000
    mov esp, STACK_0
    mov qword [r10], 1          ; The other side waits for that, and this one for the other.
.wait:
    cmp qword [r11], 0
    je .wait
    jmp [list + rdx * 8]

; Stores each number at RSI and then at RDI.
tell:
    mov eax, 1
.next:
    mov [rsi], rax
    mov [rdi], rax
    inc rax
    cmp rax, rcx
    jbe .next
    done

; Loads from RDI and then from RSI until the last number is there. Counts in RBX how often RSI was
; behind, and in RBP how often RDI had gone on.
hear:
    xor ebx, ebx
    xor ebp, ebp
    xor r8d, r8d
.next:
    mov rax, [rdi]
    mov r9, [rsi]
    cmp r9, rax
    jae .in_order
    inc rbx
.in_order:
    cmp rax, r8
    je .same
    inc rbp
    mov r8, rax
.same:
    cmp rax, rcx
    jb .next
    done

; In each round stores 1 at RSI and loads from RDI what the other has
; stored there, to R8. The places of two rounds are 64 bytes apart.
%macro store_and_load 1
%%next:
    mov dword [rsi], 1
    %1
    mov eax, [rdi]
    mov [r8], eax
    add rsi, 64
    add rdi, 64
    add r8, 64
    dec rcx
    jnz %%next
    done
%endmacro
store_load:
    store_and_load nop
store_fence_load:
    store_and_load mfence

    align 8
list:
    dq tell, hear, store_load, store_fence_load
