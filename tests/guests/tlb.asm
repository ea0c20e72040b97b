; Accesses to one page of 4 KiB, or of 2 MiB, whose tables the client makes: RSI = 0 as supervisor,
; 1 as user, 2 for the large page; RDX = 0 a load, 1 a store, 2 a call; RBX = CR0; RBP = CR4; R15 =
; RFLAGS. Reports R10 = the vector, 0x40 after an access, R8 = the error code; R9 = what the large page
; has in the end.
%include "common.inc"
    bits 64
    org 0x10000
PAGE equ 0x40000000
LARGE equ 0x40200000
LARGE_ENTRY equ 0x3008
USER equ 0x80000000             ; All of this once more, on user pages.
    load_tables
again:
    done
    mov cr0, rbx
    mov cr4, rbp
    mov rax, cr3
    mov cr3, rax
    mov ecx, PAGE
    cmp esi, 1
    je user
    ja large
    push r15
    popfq
access:
    cmp edx, 1
    jb .load
    je .store
    call rcx
    int 0x40
.load:
    mov rax, [rcx]
    int 0x40
.store:
    mov byte [rcx], 0xc3        ; A RET, which is there already.
    int 0x40
user:
    mov eax, USER + STACK_3
    push DATA_3 | 3
    push rax
    push r15
    push CODE_3 | 3
    mov eax, USER
    lea rax, [rax + access]
    push rax
    iretq
large:
    mov eax, LARGE
    mov r9, [rax + 0x3000]
    mov r9, [rax + 0x5008]
    mov [abs LARGE_ENTRY], rdx
    invlpg [rax + 0x100000]
    mov r9, [rax + 0x5008]
    jmp again
on_vector:
    mov r10, rax
    cmp eax, 14
    jne .end
    pop r8
.end:
    mov esp, STACK_0
    jmp again
    tables
