#!/usr/bin/env bash
# Every test guest as dom0 on IA-64, in each of its memory models: SUCCESS, or SKIP where it is said here. The hypervisor
# gets the test guest's image in place of dom0's. usage: guests_as_dom0_ia64.sh XENOSCOPE IMAGES TEST...
set -u
xenoscope=$1
images=$2
shift 2

# With one CPU dom0 has one VCPU; xenstore is what dom0 serves itself; others are about what they say.
skipped="fpu stale-tlb tlb-shootdown vcpu-ops translated-tables xenstore segments"
# shellcheck disable=SC2034 # named by the model
skipped_translated="balloon-abi"
# shellcheck disable=SC2034
skipped_identity="grants-foreign hypercall-fuzz isolation translated-memory translated-pressure"

bad=0
for model in translated identity; do
  also=skipped_$model
  for image; do
    name=${image#test-}
    name=${name%.elf}
    [ "$name" = panic ] && continue # it ends the machine, as it should
    expected=SUCCESS
    case " $skipped ${!also} " in *" $name "*) expected=SKIP ;; esac
    said=$(timeout 120 "$xenoscope" boot "$images/hypervisor.elf" --module "$images/$image" \
      --append "dom0_mem=32M dom0_model=$model" --memory 128 2>&1)
    status=$?
    verdict=$(grep -ao 'Test result: [A-Z]*' <<<"$said")
    if [ $status != 0 ] || [ "$verdict" != "Test result: $expected" ]; then
      echo "FAILED $name as dom0 of model $model: exit code $status, '$verdict', expected $expected"
      grep -a '^(d0)' <<<"$said" | tail -n 10
      bad=1
    fi
  done
done
[ $bad = 0 ] && echo "all test guests as dom0, two models"
exit $bad
