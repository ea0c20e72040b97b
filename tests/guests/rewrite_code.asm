; Changes its own code again and again: a counter beside the code that counts, as often as the word
; at COUNT says; 2 MiB of code in blocks of 8 bytes that are written anew and called, as often as the
; word behind it says; and 2 MiB of code in long instructions, as often as the third word says. First
; it reads an MSR, as often as the fourth says. RBX = the counter, RCX = the sum that the short blocks
; computed, RDI = that of the long instructions.
%include "common.inc"
COUNT equ 0x30000
REGION equ 0x200000
WORDS equ 0x1ffff8 / 8
PAIRS equ 0x1ffff0 / 13
    bits 64
    org 0x10000
    load_tables
    mov esi, [COUNT + 12]
    mov ecx, 0x1b                       ; IA32_APIC_BASE
.read:
    test esi, esi
    jz .all_read
    rdmsr
    dec esi
    jmp .read
.all_read:
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
    xor r8d, r8d                        ; The sum.
    xor r9d, r9d                        ; No two instructions have the same number.
    mov r10d, [COUNT + 8]
    test r10d, r10d
    jz .end
.long_region:
    mov edi, REGION
    mov edx, PAIRS
.long:                                  ; MOV RAX, imm64; ADD R8, RAX.
    inc r9
    mov word [rdi], 0xb848
    mov [rdi + 2], r9
    mov word [rdi + 10], 0x0149
    mov byte [rdi + 12], 0xc0
    add edi, 13
    dec edx
    jnz .long
    mov byte [rdi], 0xc3
    mov eax, REGION
    call rax
    dec r10d
    jnz .long_region
.end:
    mov rdi, r8
    done
counter: dd 0
on_vector:
    done
    tables
