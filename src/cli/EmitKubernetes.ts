/**
 * --emit k8s: an Indexed Job for Kubernetes.
 *
 * @since 0.1.0
 */
import { type Emitted, filesNote, needsPassword, secondsOf } from "./Emitted.js"
import * as EngineSegment from "./EngineSegment.js"

/**
 * The manifest.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (emitted: Emitted): string => {
  const { args, plan, segments } = emitted
  // $(NAME) is a variable to Kubernetes, and $$(NAME) is not.
  const quoted = (text: string) => JSON.stringify(text.replaceAll("$(", "$$$$("))
  const run =
    plan.runId === undefined
      ? `              valueFrom:
                fieldRef:
                  fieldPath: metadata.labels['batch.kubernetes.io/controller-uid']`
      : `              value: ${JSON.stringify(plan.runId)}`
  return `# ${segments} segments of one run, for Kubernetes 1.29 and later. Put the image that has smtp-source in its place, then:
#   kubectl apply -f FILE
#   kubectl wait --for=condition=Complete --timeout=${secondsOf(emitted)}s job/smtp-source
#   for i in $(seq 0 ${segments - 1}); do
#     kubectl logs --tail=-1 -l job-name=smtp-source,batch.kubernetes.io/job-completion-index=$i >$i.ndjson
#   done
#   smtp-report *.ndjson
${filesNote(plan, "in the image, or mounted where it looks for them")}${needsPassword(plan) ? "# The password is that of: kubectl create secret generic smtp-source --from-file=password=FILE\n" : ""}apiVersion: batch/v1
kind: Job
metadata:
  name: smtp-source
spec:
  completionMode: Indexed
  completions: ${segments}
  parallelism: ${segments}
  # A segment is never started again, and never while its pod may still be running.
  backoffLimitPerIndex: 0
  podReplacementPolicy: Failed
  activeDeadlineSeconds: ${secondsOf(emitted)}
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: ${Math.ceil(plan.drain) + 30}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              job-name: smtp-source
      containers:
        - name: smtp-source
          image: smtp-source
          command: ["smtp-source"]
          args:
${args.map((argument) => `            - ${quoted(argument)}\n`).join("")}          env:
            - name: ${EngineSegment.segmentsVariable}
              value: "${segments}"
            - name: SMTP_SOURCE_RUN_ID
${run}
${needsPassword(plan) ? password : ""}          volumeMounts:
            - name: results
              mountPath: /results
      volumes:
        - name: results
          emptyDir: {}
`
}

const password = `            - name: SMTP_SOURCE_PASSWORD
              valueFrom:
                secretKeyRef:
                  name: smtp-source
                  key: password
`
