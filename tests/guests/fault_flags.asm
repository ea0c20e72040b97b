; Instructions that use or set flags and whose access to memory faults, behind every kind of
; arithmetic: the flags in the frame must be those of before. RBX counts frames with others, from
; LIST on lie the addresses of the first 256.
%include "common.inc"
    bits 64
    org 0x10000
LIST equ 0x40000
AWAY equ 0x4000000000           ; Nothing is mapped there.
    load_tables
    mov edi, LIST
    mov rsi, AWAY
    xor ebx, ebx
    jmp start

on_vector:
    cmp eax, 6                  ; An extension that this processor does not have.
    je .undefined
    cmp eax, 14
    jne .unexpected
    mov rdx, [rsp + 24]         ; RFLAGS, behind the error code, RIP and CS.
    xor rdx, r8
    and edx, 0x8d5
    jz .same
    inc ebx
    cmp ebx, 256
    ja .same
    mov rdx, [rsp + 8]
    mov [rdi], rdx
    add rdi, 8
.same:
    add rsp, 8
.undefined:
    mov [rsp], r9
    iretq
.unexpected:
    mov ebx, -1
    done

    tables

%macro make_add 0
    mov edx, 0x7fffffff
    add edx, 0x7000ffff
%endmacro
%macro make_sub 0
    mov edx, 5
    sub edx, 0x80000006
%endmacro
%macro make_adc 0
    mov edx, -1
    add edx, 2
    mov edx, 0xf0
    adc dl, 0x1f
%endmacro
%macro make_sbb 0
    mov edx, 1
    sub edx, 2
    mov edx, 0x10
    sbb dl, 0x1f
%endmacro
%macro make_inc 0
    mov edx, -1
    add edx, 2
    mov dl, 0x7f
    inc dl
%endmacro
%macro make_dec 0
    mov edx, -1
    add edx, 2
    mov dl, 0x80
    dec dl
%endmacro
%macro make_and 0
    mov edx, 0x81
    and dl, 0x80
%endmacro
%macro make_shl 0
    mov edx, 0x40000001
    shl edx, 2
%endmacro
%macro make_sar 0
    mov edx, 0x80000003
    sar edx, 2
%endmacro
%macro make_mul 0
    mov eax, 0x10001
    mov edx, 0x10001
    mul edx
%endmacro
%macro make_neg 0
    mov edx, 0x80000000
    neg edx
%endmacro
%macro make_rol 0
    mov edx, 0x80000001
    rol edx, 1
%endmacro
%macro make_bt 0
    mov edx, 0x80000001
    sub edx, 7
    bt edx, 31
%endmacro
%macro make_cmp 0
    mov edx, 0x80000005
    cmp edx, 0x7fffffff
    mov ecx, 9                  ; This leaves them as they are.
%endmacro
%macro make_test 0
    mov edx, 0x81
    test dl, 0x80
    lea ecx, [rdx - 0x78]
%endmacro
%macro make_xor 0
    xor edx, edx
%endmacro

; %1: what makes the flags; the rest: the instruction, in their block and at the start of another.
%macro faults 2+
    %1
    pushfq
    pop r8
    mov r9, %%in_another_block
    %1
    %2
%%in_another_block:
    mov r9, %%next
    %1
    jmp %%here
%%here:
    %2
%%next:
%endmacro

%macro each_access 1
%assign %%condition 0
%rep 16
    faults %1, db 0x0f, 0x90 + %%condition, 0x06                ; SETcc [RSI]
    faults %1, db 0x0f, 0x40 + %%condition, 0x06                ; CMOVcc EAX, [RSI]
%assign %%condition %%condition + 1
%endrep
    faults %1, adc [rsi], ecx
    faults %1, sbb [rsi], ecx
    faults %1, adc ecx, [rsi]
    faults %1, sbb cl, [rsi]
    faults %1, add [rsi], ecx
    faults %1, inc dword [rsi]
    faults %1, dec byte [rsi]
    faults %1, neg dword [rsi]
    faults %1, not dword [rsi]
    faults %1, rcl dword [rsi], 1
    faults %1, rcr dword [rsi], 1
    faults %1, rcl byte [rsi], cl
    faults %1, rcr qword [rsi], 5
    faults %1, rol dword [rsi], 1
    faults %1, ror dword [rsi], cl
    faults %1, shl dword [rsi], 1
    faults %1, shl dword [rsi], cl
    faults %1, sar word [rsi], 3
    faults %1, shld [rsi], ecx, 3
    faults %1, shrd [rsi], ecx, cl
    faults %1, bt [rsi], ecx
    faults %1, bts [rsi], ecx
    faults %1, btr dword [rsi], 3
    faults %1, lock btc [rsi], ecx
    faults %1, lock adc [rsi], ecx
    faults %1, lock sbb [rsi], ecx
    faults %1, lock inc dword [rsi]
    faults %1, lock dec dword [rsi]
    faults %1, lock neg dword [rsi]
    faults %1, xadd [rsi], ecx
    faults %1, lock xadd [rsi], ecx
    faults %1, cmpxchg [rsi], ecx
    faults %1, lock cmpxchg [rsi], ecx
    faults %1, cmpxchg8b [rsi]
    faults %1, cmpxchg16b [rsi]
    faults %1, cmp [rsi], ecx
    faults %1, test [rsi], ecx
    faults %1, imul ecx, [rsi]
    faults %1, mul dword [rsi]
    faults %1, bsf ecx, [rsi]
    faults %1, popcnt ecx, [rsi]
    faults %1, tzcnt ecx, [rsi]
    faults %1, lzcnt ecx, [rsi]
    faults %1, adcx ecx, [rsi]
    faults %1, adox ecx, [rsi]
    faults %1, andn ecx, ecx, [rsi]
    faults %1, bextr ecx, [rsi], ecx
    faults %1, blsr ecx, [rsi]
    faults %1, bzhi ecx, [rsi], ecx
    faults %1, ucomiss xmm0, [rsi]
    faults %1, ptest xmm0, [rsi]
    faults %1, push qword [rsi]
    faults %1, pop qword [rsi]
    faults %1, fistp dword [rsi]
    faults %1, fcomp dword [rsi]
    faults %1, cmpsb
    faults %1, repe cmpsb
%endmacro

start:
    fld1
    mov ecx, 9
    each_access make_add
    each_access make_sub
    each_access make_adc
    each_access make_sbb
    each_access make_inc
    each_access make_dec
    each_access make_and
    each_access make_shl
    each_access make_sar
    each_access make_mul
    each_access make_neg
    each_access make_rol
    each_access make_bt
    each_access make_cmp
    each_access make_test
    each_access make_xor
    done
