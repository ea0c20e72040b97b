; Takes events and reports each (report_vector). First a run ends with the tables in place; then the
; case goes on.
%include "common.inc"
    bits 64
    org 0x10000
    load_tables
    mov rax, 0xdead0000
    mov cr2, rax
    xor ebx, ebx
    done
    select_case on, off, shadow_sti, shadow_stack, shadow_load, on_user
on:                             ; RBX counts the runs.
    sti
    nop
.again:
    inc ebx
    done
    jmp .again
off:                            ; Off, then on.
    inc ebx
    done
    inc ebx
    sti
    nop
.next:
    inc ebx
    done
    jmp .next
shadow_sti:                     ; RBX = the first RIP at which an interrupt may be taken.
    mov ebx, .after
    sti
    nop
.after:
    nop
    done
shadow_stack:                   ; MOV SS holds it back over the port access.
    sti
    nop
    mov ecx, DATA_0
    mov ebx, .after
    mov ss, ecx
    out 0x11, al
.after:
    nop
    done
shadow_load:                    ; The same over a load from 0x2000000.
    sti
    nop
    mov ecx, DATA_0
    mov ebx, .after
    mov ss, ecx
    mov rdx, [abs 0x2000000]
.after:
    nop
    done
on_user:
    enter_user .again
.again:
    inc ebx
    jmp .again
    report_vector
    iretq
    tables
