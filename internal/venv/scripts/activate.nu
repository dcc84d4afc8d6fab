# Activates this virtual environment in Nushell:
#     overlay use @bin@/activate.nu
# The alias `deactivate` leaves it again; under a name of your own it is
# `overlay hide NAME`.

export-env {
    const virtual_env = @root@
    let given = @prompt@
    let prompt = if ($given | is-empty) { $virtual_env | path basename } else { $given }
    let path_name = if ('Path' in $env) { 'Path' } else { 'PATH' }
    let new_path = ($env | get $path_name | prepend ([$virtual_env '@bin@'] | path join))
    let changes = { $path_name: $new_path, VIRTUAL_ENV: $virtual_env, VIRTUAL_ENV_PROMPT: $prompt }

    let plain = if ('VIRTUAL_ENV_DISABLE_PROMPT' in $env) {
        let value = $env.VIRTUAL_ENV_DISABLE_PROMPT
        if ($value | describe) == 'bool' { $value } else { not ($value | is-empty) }
    } else {
        false
    }
    let changes = if $plain {
        $changes
    } else {
        let prefix = $'(char lparen)($prompt)(char rparen) '
        let old = if ('PROMPT_COMMAND' in $env) { $env.PROMPT_COMMAND } else { '' }
        let new = if ('closure' in ($old | describe)) {
            {|| $'($prefix)(do $old)' }
        } else {
            {|| $'($prefix)($old)' }
        }
        $changes | merge { PROMPT_COMMAND: $new, VIRTUAL_PREFIX: $prefix }
    }
    load-env $changes
}

# The base Python's pydoc would not see this environment.
export alias pydoc = python -m pydoc
export alias deactivate = overlay hide activate
