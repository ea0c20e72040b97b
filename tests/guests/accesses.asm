; Instructions that read or write what is watched: four bytes at DATA, which lie in two pages, and the
; first word of the stack. At LISTS each that does has its address and a number: 1 if it reads, 2 if
; it writes, 3 for both; 4 more if it does so only while RCX is not 0.
%include "common.inc"
    bits 64
    org 0x10000
LISTS equ 0x18000
DATA  equ 0x300ffe
BEHIND equ 0x301002              ; Right behind.
SLOT  equ 0x7fff8

%assign entries 0
%macro does 1+
%%here:
    %1
    %xdefine address_%[entries] %%here
%endmacro
%macro reads 1+
    does %1
    %assign what_%[entries] 1
    %assign entries entries + 1
%endmacro
%macro repeats 1+
    does %1
    %assign what_%[entries] 5
    %assign entries entries + 1
%endmacro
%macro writes 1+
    does %1
    %assign what_%[entries] 2
    %assign entries entries + 1
%endmacro
%macro both 1+
    does %1
    %assign what_%[entries] 3
    %assign entries entries + 1
%endmacro

    mov esp, 0x80000
    mov eax, 0x100000
    mov ebx, DATA
    mov ecx, 1
    mov edx, 2
    ; Plain ones, of what lies beside it too.
    reads  mov eax, [rbx]
    reads  mov al, [rbx + 3]
    mov al, [rbx + 4]
    mov al, [rbx - 1]
    reads  mov rax, [rbx - 6]
    reads  movzx eax, word [rbx + 1]
    writes mov [rbx], eax
    mov [abs BEHIND], eax
    writes mov byte [rbx + 3], 7
    both   add [rbx], ecx
    both   lock inc dword [rbx]
    both   xchg eax, [rbx]
    reads  cmp [rbx], eax
    reads  test [rbx], ecx
    reads  imul eax, [rbx], 3
    reads  bt dword [rbx], 1
    both   bts dword [rbx], 1
    both   lock cmpxchg [rbx], ecx
    lea eax, [rbx]
    nop dword [rbx]
    prefetcht0 [rbx]
    ; Strings
    mov esi, DATA
    mov edi, BEHIND
    reads  movsd
    mov esi, DATA
    reads  lodsb
    mov edi, DATA
    writes stosb
    mov edi, DATA
    reads  scasd
    mov esi, DATA - 8
    mov edi, BEHIND + 0x100
    mov ecx, 2
    rep movsd
    mov ecx, 1
    repeats rep movsd
    ; Wide ones
    reads  movdqu xmm0, [rbx - 8]
    movdqu xmm0, [rbx + 4]
    writes movdqu [rbx - 8], xmm0
    fninit
    reads  fld dword [rbx]
    writes fstp dword [rbx]
    writes fnstcw [rbx]
    reads  fldcw [rbx]
    writes stmxcsr [rbx]
    reads  ldmxcsr [rbx]
    ; The stack
    writes push rax
    reads  pop rax
    writes push qword [abs BEHIND]
    add rsp, 8
    done

    times LISTS - 0x10000 - ($ - $$) db 0
%assign i 0
%rep entries
    dq address_%[i], what_%[i]
    %assign i i + 1
%endrep
    dq 0
