; Changes its own code again and again: a counter beside the code that counts, as often as the word
; at COUNT says, and 2 MiB of code that are written anew and called, as often as the word behind
; it says. RBX = the counter, RCX = the sum that they computed.
%include "common.inc"
COUNT equ 0x30000
REGION equ 0x200000
WORDS equ 0x1ffff8 / 8
    bits 64
    org 0x10000
    load_tables
    mov eax, [COUNT]
.count:
    inc dword [rel counter]
    cmp [rel counter], eax
    jb .count
    mov ebx, [rel counter]
    xor ecx, ecx
    mov esi, [COUNT + 4]
    test esi, esi
    jz .over
.region:
    mov edi, REGION
    mov edx, WORDS
.word:                                  ; ADD ECX, imm32; JMP to the next: a block of its own.
    mov word [rdi], 0xc181
    mov [rdi + 2], esi
    mov word [rdi + 6], 0x00eb
    add edi, 8
    dec edx
    jnz .word
    mov byte [rdi], 0xc3
    mov eax, REGION
    call rax
    dec esi
    jnz .region
.over:
    done
counter: dd 0
on_vector:
    done
    tables
