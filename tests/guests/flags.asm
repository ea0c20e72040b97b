; The flags of user code over an exit, a case each: R8 = what they should be, R9 = what they are
; after it, with only bits that user code can set.
%include "common.inc"
    bits 64
    org 0x10000
    mov esp, STACK_0
    xor ebx, ebx
    select_case cpuid_exit, vmcall_exit, msr_exit, control_exit, output, load, bell
%macro over 1+
    push 0xcd7                  ; All arithmetic flags, and DF.
    popfq
    %1
    pushfq
    pop r9
    mov r8d, 0xcd7
    mov eax, 0x6fffffff
    add eax, 0x60000000         ; OF, SF, PF, AF, but neither ZF nor CF.
    pushfq
    pop r10
    push r10
    popfq
    %1
    pushfq
    pop r11
    done
%endmacro
cpuid_exit:
    over cpuid
vmcall_exit:
    over vmcall
msr_exit:
    mov ecx, 0x1b
    over rdmsr
control_exit:
    mov rdx, cr0
    over mov cr0, rdx
output:
    over out 0x11, al
load:
    over mov al, [abs 0xffe000]
bell:
    over mov [abs 0xffd000], al
