/** `completion`: scripts for shells; all of them ask `kubectl-sluice __complete` what fits. */

import type { Command } from '../args/command.ts';
import { UsageError } from '../errors.ts';
import { firstArg } from '../invocation.ts';

const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `# bash completion of kubectl-sluice: source <(kubectl-sluice completion bash)
_kubectl_sluice() {
    local IFS=$'\\n' words
    words=$(kubectl-sluice __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | grep -v '^:' | cut -f1)
    COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _kubectl_sluice kubectl-sluice
`,
  zsh: `#compdef kubectl-sluice
# zsh completion of kubectl-sluice: source <(kubectl-sluice completion zsh)
_kubectl_sluice() {
    local -a found
    local line
    for line in "\${(@f)$(kubectl-sluice __complete "\${(@)words[2,$CURRENT]}" 2>/dev/null)}"; do
        [[ -z $line || $line == :* ]] && continue
        found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    done
    _describe 'kubectl-sluice' found
}
compdef _kubectl_sluice kubectl-sluice
`,
  fish: `# fish completion of kubectl-sluice: kubectl-sluice completion fish | source
function __kubectl_sluice
    set -l words (commandline -opc) (commandline -ct)
    kubectl-sluice __complete $words[2..-1] 2>/dev/null | string match -v ':*'
end
complete -c kubectl-sluice -f -a '(__kubectl_sluice)'
`,
  powershell: `# PowerShell completion of kubectl-sluice: kubectl-sluice completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName 'kubectl-sluice' -ScriptBlock {
    param($word, $ast, $position)
    $words = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
    if ($word -eq '') { $words += '""' }
    kubectl-sluice __complete @words 2>$null | Where-Object { $_ -notlike ':*' } | ForEach-Object {
        $name = ($_ -split "\\t")[0]
        if ($name -like "$word*") { [System.Management.Automation.CompletionResult]::new($name) }
    }
}
`,
};

export const completion: Command = {
  name: 'completion',
  summary: 'print a completion script for a shell',
  description:
    'Prints a completion script for bash, zsh, fish or powershell. For `kubectl sluice` itself put an executable file\n' +
    'named kubectl_complete-sluice on the PATH that holds: exec kubectl-sluice __complete "$@"',
  takes: 'bash|zsh|fish|powershell',
  min: 1,
  examples: [{ about: 'In bash', line: 'source <(kubectl-sluice completion bash)' }],
  run(invocation) {
    const shell = firstArg(invocation);
    const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
    if (script === undefined)
      throw new UsageError(
        `there is no completion for ${JSON.stringify(shell)}: it is one of ${Object.keys(SCRIPTS).join(', ')}`,
      );
    invocation.io.out(script);
    return Promise.resolve();
  },
};
