; Sends itself an interrupt with interrupts off and lets it in by an IRET, 20,000 times. The library
; carries these IRETs out, because FS has a base that they might lose. Ends with the time-stamp counter
; in RAX and the number of interrupts in RBX.
%include "common.inc"
    bits 64
    org 0x10000
    load_tables
    mov eax, DATA_0
    mov fs, eax
    mov ecx, 0xc0000100         ; FS.base.
    mov eax, 0x1000
    xor edx, edx
    wrmsr
    xor ebx, ebx
    mov r8d, 20000
.again:
    mov ecx, 0x83f              ; Self IPI.
    mov eax, 0x40
    xor edx, edx
    wrmsr
    mov rax, rsp
    push DATA_0
    push rax
    push 0x202
    push CODE_0
    push .next
    iretq
.next:
    cli
    dec r8d
    jnz .again
    rdtsc
    shl rdx, 32
    or rax, rdx
    done
on_vector:
    inc ebx
    iretq
    tables
