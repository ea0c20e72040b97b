; Changes what look_around.asm looks at, and ends.
%include "common.inc"
    bits 64
    org 0x10000
    load_tables
    mov rax, cr4
    or eax, 0x600               ; OSFXSR, OSXMMEXCPT
    mov cr4, rax
    mov rax, cr0
    or eax, 0x10020             ; WP, NE
    mov cr0, rax
    mov rax, 0x1122334455667788
    mov cr2, rax
    mov dr0, rax
    mov dr1, rax
    mov dr2, rax
    mov dr3, rax
%macro msr 1-*
%rep %0
    mov ecx, %1
    mov eax, 0x11223300 + (%1 & 0xff)
    xor edx, edx
    wrmsr
%rotate 1
%endrep
%endmacro
    msr 0x174, 0x175, 0x176, 0xc0000081, 0xc0000082, 0xc0000084
    msr 0xc0000100, 0xc0000101, 0xc0000102, 0xc0000103
    mov ecx, 0x277              ; PAT
    mov eax, 0x06060606
    mov edx, eax
    wrmsr
%assign number 0
%rep 16
    mov eax, 0x55550000 + number
    movd xmm %+ number, eax
%assign number number + 1
%endrep
    mov dword [abs place], 0x7fbf   ; MXCSR: rounds to zero, flags set.
    ldmxcsr [abs place]
    mov word [abs place], 0x0f3f    ; The x87's control word.
    fldcw [abs place]
    fld1
    fldpi
    fldz
    mov ax, DATA_3
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    std
    stc
%macro fill 1-*
%rep %0
    mov %1, 0x7766554433221100
%rotate 1
%endrep
%endmacro
    fill rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
    done
on_vector:
    hlt
    align 16
place:
    dq 0, 0
    tables
