----------------------------- MODULE Idempotency -----------------------------
(* One key: a register with compare-and-set on a stamp, the calls that claim it, settle it and   *)
(* withdraw from it as KeyMachine decides, and requests between them that are lost, late or      *)
(* repeated. TlaModelTest runs it.                                                                *)
(*                                                                                                *)
(*   configuration   calls                          lapses  renewals  purges   states   depth     *)
(*   faults          2 in one process, 1 differing     2       0        0       24,453    20      *)
(*   rivals          3 in three processes              2       0        0       72,712    23      *)
(*   late            2 in one process, not pruned      2       1        0       58,125    22      *)
(*   hold            2 that hold, 1 that reruns        1       0        0       34,476    20      *)
(*   purge           2 in two processes                1       1        1       90,757    21      *)
(*                                                                                                *)
(* Every configuration checks every invariant. Each also runs with one guard switched off, which  *)
(* TLC must notice by the invariant that TlaModelTest names.                                      *)
(*                                                                                                *)
(* Found with it:                                                                                 *)
(* - A completion that is sent again after its record has expired is told that the record is gone,*)
(*   although it had been recorded: I20 ends with the retention.                                  *)
(* - A copy of a claim that had been refused may land in a new life while the withdrawal of the   *)
(*   same call's later claim is being sent: it is put back with that later claim's higher fence   *)
(*   and attempt (OlderClaimWithdrawn). Nothing ran, and fences still rise.                       *)
(* - A call that went on claiming for longer than the retention would be granted twice under one  *)
(*   nonce, with equal fences if clocks stand still: I4 and I33 need I32.                         *)
(* - With Outlive, a late claim is granted once more over ABSENT, the same nonce and fence: I4 and*)
(*   I33 break. This is the limit that S8 states. I1 held even then.                              *)
(*                                                                                                *)
(* What is left out: payloads, checkpoints and references; Busy and refusals that are no answer   *)
(* (such a request is one that is lost); waiting, and the look of ReadFirst (both decide as over a*)
(* refusal); limits on size; recovery callbacks and operators; more than one key. A reply and the *)
(* decision made of it are one step: the write that follows may be late. Lease and retention end  *)
(* at any instant, no local clock is modelled (I28), and fences count from 1 in each life.        *)
(* A caller that dies does nothing more, which every call may do at any time.                     *)

EXTENDS Naturals, FiniteSets, TLC

CONSTANTS
  Calls,        \* the calls of one key; each draws one nonce and runs its operation at most once
  Alike,        \* calls that may be exchanged for each other, for TLC
  Alone,        \* calls in processes of their own; the others share one, and know its pending writes
  Differing,    \* calls that offer another fingerprint
  Holding,      \* calls with the policy hold; the others rerun
  Nobody,       \* none of the calls
  Ends,         \* how operations may end: COMPLETED, RETRYABLE, FINAL, IN_DOUBT
  MaxLapses,    \* lapses of a lease in one life of the record
  MaxRenewals,  \* renewals in all
  MaxPurges,    \* how often retention may be over
  Outlive,      \* TRUE: requests may outlive the retention, which S8 excludes
  Prune,        \* TRUE: a request is dropped once the stamp that it expects is replaced
  Removed       \* the guard that is switched off, or "none"

VARIABLES
  rec,     \* the register
  fresh,   \* requests on their way, first sent since the last write took effect
  old,     \* requests on their way from before that
  call,    \* what each call does
  doomed,  \* the expired record that a purger has read and not yet deleted, or Absent
  took,    \* ghost: the claims that took effect: life, nonce, fence
  ans,     \* ghost: the answers that were recorded: life, call
  wrong,   \* ghost: the invariants that an outcome told to a caller has broken
  cnt      \* ghost: counters, all but life and renewals within the life of the record

vars == <<rec, fresh, old, call, doomed, took, ans, wrong, cnt>>

Off(guard) == Removed = guard

-------------------------------------------------------------------------------
(* The record and its compare-and-set (S1 to S3, S6). s state, g and n the     *)
(* stamp (nonce and counter), f fence, a attempt, p fingerprint, gr the grant  *)
(* that last ran, v whose answer.                                              *)

Absent == [s |-> "NEW", g |-> Nobody, n |-> 0, f |-> 0, a |-> 0, p |-> "", gr |-> Nobody,
           v |-> Nobody, lease |-> "none", ret |-> "over"]

IsLive(r) == r.ret = "live"
IsTerminal(r) == r.s \in {"COMPLETED", "FINAL"}

\* A stamp, with the fence and the state that wrong comparisons look at.
Expect(r) == [g |-> r.g, n |-> r.n, f |-> r.f, s |-> r.s]
Nothing == Expect(Absent)

Matches(exp) ==
  IF exp = Nothing
  THEN ~IsLive(rec)
  ELSE /\ IsLive(rec) \/ (Off("retention") /\ rec # Absent)
       /\ CASE Off("stamp") -> exp.f = rec.f
            [] Off("stamp but state") -> exp.s = rec.s
            [] Off("owner") -> exp.f = rec.f /\ exp.n = rec.n
            [] OTHER -> exp.g = rec.g /\ exp.n = rec.n

-------------------------------------------------------------------------------
(* Calls.                                                                      *)

NoWrite == [by |-> Nobody, kind |-> "", exp |-> Nothing, nx |-> Absent, rel |-> FALSE]
NoTake == [exp |-> Nothing, pb |-> "", gr |-> Nobody]
NoOut == [by |-> Nobody, k |-> "", v |-> Nobody, p |-> "", x |-> ""]

Idle == [pc |-> "idle", n |-> 0, w |-> NoWrite, lk |-> Absent, cur |-> Nothing, t |-> NoTake]

\* The random part of the stamps of a call.
Nonce(c) == IF Off("nonce") THEN "shared" ELSE c

Fingerprint(c) == IF c \in Differing THEN "b" ELSE "a"
SameProcess(c, d) == c # d /\ {c, d} \cap Alone = {}
HasCompany(c) == \E d \in Calls : SameProcess(c, d)

\* What a call does next: its new state, what it sends and is told, operations started, renewals
\* begun.
Turn(k, send) == [call |-> k, send |-> send, out |-> NoOut, eff |-> 0, ren |-> 0]
End(out) ==
  [Turn([Idle EXCEPT !.pc = IF out.k = "lost" THEN "beaten" ELSE "done"], {}) EXCEPT !.out = out]
Out(c, kind, v, p, x) == [by |-> c, k |-> kind, v |-> v, p |-> p, x |-> x]

Send(k, pc, w) == Turn([k EXCEPT !.pc = pc, !.n = @ + 1, !.w = w], {w})

Running == {"run", "lost", "renew", "settle", "resend"}

(* What the engine of c knows of the claim behind a live record. *)
Known(c, live) ==
  LET pending == {d \in Calls : /\ SameProcess(c, d)
                                /\ Nonce(d) = live.g
                                /\ call[d].pc \in {"withdraw", "resend"}}
  IN IF pending = {} THEN [k |-> "nothing", a |-> 0]
     ELSE LET w == call[CHOOSE d \in pending : TRUE].w
          IN IF w.nx.s = "RETRYABLE" THEN [k |-> "released", a |-> w.nx.a]
             ELSE [k |-> "ended", a |-> 0]

Take(c, k, found, a, p, pb, rel) ==
  LET locked == [s |-> "LOCKED", g |-> Nonce(c), n |-> k.n + 1,
                 f |-> IF Off("fence") /\ IsLive(found) THEN found.f ELSE found.f + 1,
                 a |-> a + 1, p |-> p, gr |-> Nonce(c), v |-> Nobody,
                 lease |-> "run", ret |-> "live"]
      t == [exp |-> Expect(found), pb |-> pb,
            gr |-> IF IsLive(found) THEN found.gr ELSE Nonce(c)]
  IN Send([k EXCEPT !.t = t], "claim",
          [by |-> c, kind |-> "take", exp |-> Expect(found), nx |-> locked, rel |-> rel])

ClaimNew(c, k) == Take(c, k, Absent, 0, Fingerprint(c), "RETRYABLE", FALSE)

Mark(c, k, found) ==
  Send([k EXCEPT !.t = NoTake], "claim",
       [by |-> c, kind |-> "mark", exp |-> Expect(found), rel |-> FALSE,
        nx |-> [found EXCEPT !.s = "IN_DOUBT", !.g = Nonce(c), !.n = k.n + 1, !.lease = "none"]])

(* The operation starts, at once or after a first renewal. *)
Hold(k, locked) ==
  [Turn([k EXCEPT !.pc = "run", !.w = NoWrite, !.t = NoTake, !.lk = locked,
                  !.cur = Expect(locked)], {}) EXCEPT !.eff = 1]

Renewal(c, k, locked) ==
  [by |-> c, kind |-> "renew", exp |-> Expect(locked), rel |-> FALSE,
   nx |-> [locked EXCEPT !.n = k.n + 1, !.lease = "run"]]

Granted(c, k, locked) ==
  {Hold(k, locked)} \cup
  IF cnt.renewals >= MaxRenewals THEN {}
  ELSE {[Send([k EXCEPT !.lk = locked], "first", Renewal(c, k, locked)) EXCEPT !.ren = 1]}

(* KeyMachine.claim over what a refusal brought. *)
Decide(c, k, live) ==
  LET same == \/ live.p = Fingerprint(c)
              \/ Off("fingerprint")
              \/ Off("binding") /\ ~IsTerminal(live)
      bound == IF Off("binding") THEN Fingerprint(c) ELSE live.p
      lapsed == live.lease = "over"
      known == Known(c, live)
      own == IF live.g = Nonce(c) THEN "own" ELSE ""
  IN IF ~IsLive(live) THEN {ClaimNew(c, k)}
     ELSE IF live.g = Nonce(c) /\ ~Off("own write") THEN
       IF live.s = "LOCKED" THEN Granted(c, k, live)
       ELSE {End(Out(c, "doubt", Nobody, live.p, ""))}
     ELSE IF ~same THEN {End(Out(c, "reused", Nobody, live.p, own))}
     ELSE IF IsTerminal(live) /\ ~Off("terminal") THEN
       {End(Out(c, "replay", live.v, live.p, ""))}
     ELSE IF live.s = "RETRYABLE" \/ IsTerminal(live) THEN
       {Take(c, k, live, live.a, bound, "RETRYABLE", FALSE)}
     ELSE IF live.s = "IN_DOUBT" THEN {End(Out(c, "doubt", Nobody, live.p, ""))}
     ELSE IF Off("early replay") THEN {End(Out(c, "replay", live.gr, live.p, ""))}
     ELSE IF known.k = "released" THEN
       {Take(c, k, live, known.a, bound, "RETRYABLE", TRUE)}
     ELSE IF known.k = "ended" THEN {End(Out(c, "inflight", Nobody, live.p, own))}
     ELSE IF (~lapsed /\ ~Off("lease")) \/ Off("lapse") THEN
       {End(Out(c, "inflight", Nobody, live.p, IF lapsed THEN "lapsed" ELSE own))}
     ELSE IF c \notin Holding THEN {Take(c, k, live, live.a, bound, "", FALSE)}
     ELSE {Mark(c, k, live)}

(* KeyMachine.settle over what refused the completion or failure of c. *)
Settled(c, k) == Out(c, "ok", k.w.nx.v, k.lk.p, "")

Rewrite(c, k, live) ==
  Send(k, k.pc, [k.w EXCEPT !.exp = Expect(live), !.nx.n = k.n + 1])

Settle(c, k, live) ==
  LET own == live.g = Nonce(c) /\ k.w.nx.g = live.g
      mine == live.gr = Nonce(c) \/ Off("own doubt")
      lost == {End(Out(c, "lost", Nobody, live.p, IF live.g = Nonce(c) THEN "own" ELSE ""))}
  IN IF ~IsLive(live) THEN {End(Out(c, "gone", Nobody, "", ""))}
     ELSE IF own THEN
       IF live.s # "LOCKED" THEN {End(Settled(c, k))}
       ELSE IF Off("follow") THEN lost ELSE {Rewrite(c, k, live)}
     ELSE IF IsTerminal(live) /\ live.p = k.lk.p THEN
       {End(Out(c, "superseded", live.v, live.p, ""))}
     ELSE IF live.s = "IN_DOUBT" /\ mine THEN
       IF k.w.nx.s = "IN_DOUBT" THEN {End(Settled(c, k))} ELSE {Rewrite(c, k, live)}
     ELSE lost

(* KeyMachine.withdrawn over what refused the withdrawal of c. *)
Withdrawn(c, k, live) ==
  LET own == \/ live.s = "LOCKED" /\ live.g = Nonce(c)
             \/ live.s = "IN_DOUBT" /\ live.gr = Nonce(c)
             \/ live.s = "LOCKED" /\ Off("withdrawal")
  IN IF ~IsLive(live) THEN {Turn(k, {})}
     ELSE IF own THEN {Rewrite(c, k, live)}
     ELSE IF live.g = k.t.exp.g /\ live.n = k.t.exp.n THEN {Turn(k, {})}
     ELSE {End(Out(c, "unresolved", Nobody, "", ""))}

OnApplied(c, k) ==
  CASE k.pc = "claim" /\ k.w.kind = "take" -> Granted(c, k, k.w.nx)
    [] k.pc = "claim" -> {End(Out(c, "doubt", Nobody, k.w.nx.p, ""))}
    [] k.pc = "first" -> {Hold(k, k.w.nx)}
    [] k.pc = "renew" -> {Turn([k EXCEPT !.pc = "run", !.cur = Expect(k.w.nx), !.w = NoWrite], {})}
    [] k.pc \in {"settle", "resend"} -> {End(Settled(c, k))}
    [] k.pc = "withdraw" -> {End(Out(c, "unresolved", Nobody, "", ""))}

OnRefused(c, k, live) ==
  CASE k.pc = "claim" -> Decide(c, k, live)
    [] k.pc = "first" -> IF IsLive(live) /\ Expect(live) = Expect(k.w.nx) THEN {Hold(k, k.w.nx)}
                         ELSE Decide(c, k, live)
    [] k.pc = "renew" ->
         LET mine == IsLive(live) /\ live.g = Nonce(c) /\ live.s = "LOCKED"
         IN {Turn([k EXCEPT !.pc = IF mine THEN "run" ELSE "lost", !.w = NoWrite,
                            !.cur = IF mine THEN Expect(live) ELSE @], {})}
    [] k.pc \in {"settle", "resend"} -> Settle(c, k, live)
    [] k.pc = "withdraw" -> Withdrawn(c, k, live)

-------------------------------------------------------------------------------
(* What is wrong about an outcome, at the instant at which it is known; kept    *)
(* instead of all outcomes, which would be many more states.                   *)

Broken(out, life, answers) ==
  LET own == Fingerprint(out.by)
      breaks == [
        I7 |-> out.k \in {"replay", "superseded"} /\ <<life, out.v>> \notin answers,
        I10 |-> \/ out.k \in {"replay", "superseded", "doubt", "inflight"} /\ out.p # own
                \/ out.k = "reused" /\ out.p = own,
        I16 |-> out.k = "ok" /\ out.v # Nobody /\ <<life, out.v>> \notin answers,
        I17 |-> out.k \in {"inflight", "reused"} /\ out.x = "own",
        I19 |-> out.k = "inflight" /\ out.x = "lapsed",
        I20 |-> \/ out.k = "superseded" /\ out.v = out.by
                \/ out.k = "lost" /\ out.x = "own"]
  IN IF out = NoOut THEN {} ELSE {i \in DOMAIN breaks : breaks[i]}

-------------------------------------------------------------------------------
(* Steps.                                                                      *)

Init ==
  /\ rec = Absent
  /\ old = {}
  /\ IF MaxPurges > 0 THEN call = [c \in Calls |-> Idle] /\ fresh = {}
     ELSE /\ call = [c \in Calls |-> ClaimNew(c, Idle).call]
          /\ fresh = UNION {ClaimNew(c, Idle).send : c \in Calls}
  /\ wrong = {}
  /\ doomed = Absent
  /\ took = {}
  /\ ans = {}
  /\ cnt = [life |-> 0, takes |-> 0, lapses |-> 0, releases |-> 0, effects |-> 0, renewals |-> 0]

(* A call goes on by itself. *)
Goes(c, turn) ==
  /\ call' = [call EXCEPT ![c] = turn.call]
  /\ wrong' = wrong \cup Broken(turn.out, cnt.life, ans)
  /\ fresh' = fresh \cup turn.send
  /\ cnt' = [cnt EXCEPT !.effects = @ + turn.eff, !.renewals = @ + turn.ren]
  /\ UNCHANGED <<rec, old, doomed, took, ans>>

Begin(c) ==
  /\ call[c].pc = "idle"
  /\ Goes(c, ClaimNew(c, Idle))

Renew(c) ==
  LET k == call[c]
      locked == [k.lk EXCEPT !.n = k.cur.n]
  IN /\ k.pc = "run"
     /\ cnt.renewals < MaxRenewals
     /\ Goes(c, [Send(k, "renew", Renewal(c, k, locked)) EXCEPT !.ren = 1])

(* The operation ends, however late, and whatever became of the lease meanwhile (I28). *)
Finish(c) ==
  LET k == call[c]
  IN /\ k.pc \in {"run", "renew", "lost"}
     /\ \E s \in Ends :
          Goes(c, Send(k, "settle",
            [by |-> c, kind |-> "settle", exp |-> k.cur, rel |-> FALSE,
             nx |-> [k.lk EXCEPT !.s = s, !.n = k.n + 1, !.lease = "none",
                                 !.v = IF s \in {"COMPLETED", "FINAL"} THEN c ELSE Nobody]]))

(* The store deadline of a settlement is over: it is re-sent in the background. *)
Background(c) ==
  /\ call[c].pc = "settle"
  /\ HasCompany(c) \/ Off("unknown")
  /\ Goes(c, IF Off("unknown") THEN End(Settled(c, call[c]))
             ELSE Turn([call[c] EXCEPT !.pc = "resend"], {}))

(* The store deadline of a claim is over, and it is unresolved. *)
GiveUp(c) ==
  LET k == call[c]
      w == k.w
  IN /\ k.pc \in {"claim", "first"}
     /\ Goes(c,
          IF Off("unresolved") /\ w.kind = "take" THEN Hold(k, w.nx)
          ELSE IF k.t.pb = "" THEN End(Out(c, "unresolved", Nobody, "", ""))
          ELSE Send([k EXCEPT !.lk = Absent,
                              !.t.exp = IF k.pc = "first" THEN w.exp ELSE @],
                    "withdraw",
                    [by |-> c, kind |-> "putback", exp |-> Expect(w.nx), rel |-> FALSE,
                     nx |-> [w.nx EXCEPT !.s = k.t.pb, !.n = k.n + 1, !.a = @ - 1,
                                         !.gr = k.t.gr, !.lease = "none"]]))

(* The process dies, or its time to re-send is over. To die elsewhere is to do nothing more. *)
Stop(c) ==
  /\ call[c].pc \in {"withdraw", "resend"}
  /\ Goes(c, End(Out(c, "stopped", Nobody, "", "")))

(* A repeated write is the same request once more, which Deliver has anyway. This is the variant *)
(* in which it bears another nonce.                                                              *)
Resend(c) ==
  LET k == call[c]
      again == [k EXCEPT !.w.nx.g = "fresh", !.w.nx.gr = "fresh"]
  IN /\ Off("re-issue")
     /\ k.pc \in {"settle", "resend"}
     /\ again.w \notin fresh \cup old
     /\ Goes(c, Turn(again, {again.w}))

\* A stamp that is replaced never comes back, so what expects it can only be refused. "late" does
\* without this.
Alive(requests) ==
  IF Prune THEN {m \in requests : m.exp = Nothing \/ m.exp # Expect(rec)} ELSE requests

\* The age of requests matters only while another retention may end.
Ages == Outlive \/ cnt.life <= MaxPurges

Apply(m, turns) ==
  LET new == m.exp = Nothing
      life == IF new THEN cnt.life + 1 ELSE cnt.life
      takes == IF m.kind = "take" THEN 1 ELSE 0
      releases == (IF m.nx.s = "RETRYABLE" THEN 1 ELSE 0) + (IF m.rel THEN 1 ELSE 0)
  IN /\ rec' = m.nx
     /\ old' = Alive(IF Ages THEN old \cup fresh ELSE old)
     /\ took' = IF m.kind = "take"
                THEN took \cup {[life |-> life, g |-> m.nx.g, f |-> m.nx.f]}
                ELSE took
     /\ ans' = IF IsTerminal(m.nx) THEN ans \cup {<<life, m.nx.v>>} ELSE ans
     /\ \E turn \in turns :
          /\ call' = [call EXCEPT ![m.by] = turn.call]
          /\ wrong' = wrong \cup Broken(turn.out, life, ans')
          /\ fresh' = turn.send \cup Alive(IF Ages THEN {} ELSE fresh)
          /\ cnt' = [life |-> life,
                     takes |-> takes + IF new THEN 0 ELSE cnt.takes,
                     lapses |-> IF new THEN 0 ELSE cnt.lapses,
                     releases |-> releases + IF new THEN 0 ELSE cnt.releases,
                     effects |-> turn.eff + IF new THEN 0 ELSE cnt.effects,
                     renewals |-> cnt.renewals + turn.ren]
     /\ UNCHANGED doomed

(* A request reaches the store, perhaps late, perhaps not for the first time; its reply reaches *)
(* the call that waits for it, or nobody. Requests that are lost are those never delivered.     *)
Deliver(m) ==
  LET k == call[m.by]
      waits == k.w = m
      lost == {Turn(k, {})}
  IN IF m = NoWrite THEN FALSE
     ELSE IF Matches(m.exp)
     THEN Apply(m, lost \cup IF waits THEN OnApplied(m.by, k) ELSE {})
     ELSE /\ waits
          /\ \E turn \in OnRefused(m.by, k, rec) : Goes(m.by, turn)

Lapse ==
  /\ IsLive(rec)
  /\ rec.lease = "run"
  /\ cnt.lapses < MaxLapses
  /\ rec' = [rec EXCEPT !.lease = "over"]
  /\ cnt' = [cnt EXCEPT !.lapses = @ + 1]
  /\ UNCHANGED <<fresh, old, call, doomed, took, ans, wrong>>

(* Retention is over. A lease is shorter; so is the time that a claim takes, all its writes and *)
(* repetitions together (I32), and, but for S8, the way of a request: what was sent before the  *)
(* last write has arrived or is lost.                                                            *)
Expire ==
  /\ IsLive(rec)
  /\ rec.lease # "run"
  /\ cnt.life <= MaxPurges
  /\ Outlive \/ \A m \in old : call[m.by].pc \notin {"claim", "first"}
  /\ rec' = [rec EXCEPT !.ret = "over"]
  /\ old' = IF Outlive THEN old ELSE {}
  /\ UNCHANGED <<fresh, call, doomed, took, ans, wrong, cnt>>

PurgeReads ==
  /\ rec # Absent
  /\ ~IsLive(rec)
  /\ doomed = Absent
  /\ doomed' = rec
  /\ UNCHANGED <<rec, fresh, old, call, took, ans, wrong, cnt>>

PurgeDeletes ==
  /\ doomed # Absent
  /\ rec' = IF rec = doomed \/ Off("purge") THEN Absent ELSE rec
  /\ doomed' = Absent
  /\ UNCHANGED <<fresh, old, call, took, ans, wrong, cnt>>

Next ==
  \/ \E c \in Calls : \/ Begin(c) \/ Renew(c) \/ Finish(c) \/ Background(c)
                      \/ GiveUp(c) \/ Stop(c) \/ Resend(c)
  \/ \E m \in fresh \cup old \cup {call[c].w : c \in Calls} : Deliver(m)
  \/ Lapse \/ Expire \/ PurgeReads \/ PurgeDeletes

Spec == Init /\ [][Next]_vars

-------------------------------------------------------------------------------
(* Invariants, by the numbers of the design.                                   *)

I1 == \A x, y \in ans : x[1] = y[1] => x = y

I2 == /\ \A x, y \in took : (x.life = y.life /\ x.f = y.f) => x = y
      /\ cnt.takes = Cardinality({x \in took : x.life = cnt.life})

I7 == "I7" \notin wrong

I10 == /\ \A c \in Calls : call[c].pc \in Running => call[c].lk.p = Fingerprint(c)
       /\ "I10" \notin wrong

I12 == /\ cnt.effects <= cnt.takes
       /\ cnt.takes <= 1 + cnt.lapses + cnt.releases
       /\ IsLive(rec) => cnt.effects <= rec.a

I16 == "I16" \notin wrong

I17 == "I17" \notin wrong

I18 == \A c \in Calls : call[c].pc \in Running => \E x \in took : x.g = Nonce(c)

I19 == "I19" \notin wrong

I20 == /\ "I20" \notin wrong
       /\ \A c \in Calls : call[c].pc = "beaten" => <<cnt.life, c>> \notin ans

Changed == IsLive(rec') /\ Expect(rec') # Expect(rec)
Born == cnt'.life # cnt.life
Taken == Changed /\ (Born \/ cnt'.takes # cnt.takes)
Marked == /\ Changed
          /\ IsLive(rec) /\ rec.s = "LOCKED" /\ rec.lease = "over"
          /\ rec'.s = "IN_DOUBT" /\ rec'.g # rec.g /\ rec'.gr = rec.g /\ rec'.f = rec.f

\* A withdrawal that met an earlier claim of its own call: a copy of a claim that had been refused
\* landed after all, in a new life. What is put back bears the later claim's higher fence.
OlderClaimWithdrawn == rec'.s = "RETRYABLE" /\ rec'.g = rec.g /\ rec'.f > rec.f

\* A renewal, settlement or withdrawal changes only its own lock, or the doubt about its own grant.
I3 == [][Changed /\ ~Taken /\ ~Marked =>
           /\ IsLive(rec)
           /\ rec'.f = rec.f \/ OlderClaimWithdrawn
           /\ \/ rec.s = "LOCKED" /\ rec.g = rec'.g
              \/ rec.s = "IN_DOUBT" /\ rec.gr = rec'.g /\ rec'.s # "LOCKED"]_vars

\* What a grant wrote changes the record only while that grant is its newest, and not ended.
I4 == [][Changed /\ ~Marked /\ (\E x \in took : x.g = rec'.g /\ x.f = rec'.f) =>
           /\ IsLive(rec)
           /\ ~IsTerminal(rec) /\ rec.s # "RETRYABLE"
           /\ rec.f = rec'.f /\ rec.gr = rec'.g]_vars

I5 == [][IsLive(rec) /\ IsTerminal(rec) /\ rec' # rec => rec' = [rec EXCEPT !.ret = "over"]]_vars

\* I9 with it: what is displaced had lapsed, or its own process had given it up.
I8 == [][IsLive(rec) /\ rec.s = "LOCKED" /\ (Taken \/ Marked) =>
           rec.lease = "over" \/ cnt'.releases # cnt.releases]_vars

I11 == [][IsLive(rec) /\ Changed /\ ~Born => rec'.p = rec.p]_vars

\* A claim that lands late takes what it expected, and what is put back was its own.
I22 == [][Changed /\ (Taken \/ rec'.s = "RETRYABLE") =>
            \/ Taken /\ (IsLive(rec) => rec'.f > rec.f)
            \/ ~Taken /\ IsLive(rec) /\ rec.gr = rec'.g]_vars

I33 == [][/\ Taken => ~\E x \in took : x.g = rec'.g /\ x.f = rec'.f
          /\ IsLive(rec) /\ ~IsLive(rec') => rec' = [rec EXCEPT !.ret = "over"]]_vars

-------------------------------------------------------------------------------
(* Situations that must occur, so that nothing above holds for want of a case.  *)
(* Checked as an action constraint: it is always true, and prints each once.    *)

Moves(c, from, to) == call[c].pc \in from /\ call'[c].pc \in to
Unchanged == rec' = rec
Gone == {"withdraw", "done"}

Once(i, name, occurs) ==
  IF ~TLCGet(i) /\ occurs THEN PrintT(<<"occurs", name>>) /\ TLCSet(i, TRUE) ELSE TRUE

ASSUME \A i \in 1..23 : TLCSet(i, FALSE)

Situations ==
  /\ Once(1, "takeover",
       Taken /\ IsLive(rec) /\ rec.s = "LOCKED" /\ rec.lease = "over")
  /\ Once(2, "takeoverOfPendingRelease",
       Taken /\ IsLive(rec) /\ rec.s = "LOCKED" /\ rec.lease = "run")
  /\ Once(3, "staleHolderLost",
       \E c \in Calls : Moves(c, {"settle"}, {"beaten"}))
  /\ Once(4, "superseded",
       \E c \in Calls : /\ Moves(c, {"settle"}, {"done"}) /\ Unchanged
                       /\ IsLive(rec) /\ IsTerminal(rec) /\ rec.v # c)
  /\ Once(5, "ownWriteRecovered",
       \E c \in Calls : Moves(c, {"claim"}, {"run"}) /\ Unchanged)
  /\ Once(6, "ownCompletionRecovered",
       \E c \in Calls : /\ Moves(c, {"settle"}, {"done"}) /\ Unchanged
                       /\ IsLive(rec) /\ IsTerminal(rec) /\ rec.v = c)
  /\ Once(7, "ownStampFollowed",
       \E c \in Calls : /\ Moves(c, {"settle"}, {"settle"}) /\ rec.s = "LOCKED"
                       /\ call'[c].w # call[c].w)
  /\ Once(8, "lateRenewalLanded",
       /\ Changed /\ IsLive(rec) /\ rec.s = "LOCKED" /\ rec'.s = "LOCKED"
       /\ rec'.g = rec.g /\ rec.lease = "over")
  /\ Once(9, "firstRenewalRefused",
       \E c \in Calls : Moves(c, {"first"}, {"claim"}))
  /\ Once(10, "replayed",
       \E c \in Calls : /\ Moves(c, {"claim"}, {"done"}) /\ Unchanged
                       /\ IsLive(rec) /\ IsTerminal(rec) /\ rec.p = Fingerprint(c))
  /\ Once(11, "reused",
       \E c \in Calls : /\ Moves(c, {"claim"}, {"done"}) /\ Unchanged
                       /\ IsLive(rec) /\ rec.p # Fingerprint(c))
  /\ Once(12, "marked",
       Marked)
  /\ Once(13, "ownDoubtSettled",
       Changed /\ rec.s = "IN_DOUBT" /\ rec.g # rec.gr /\ rec'.s = "COMPLETED")
  /\ Once(14, "ownDoubtWithdrawn",
       Changed /\ rec.s = "IN_DOUBT" /\ rec'.s = "RETRYABLE" /\ rec'.a = 0)
  /\ Once(15, "withdrawn",
       Changed /\ rec.s = "LOCKED" /\ rec'.s = "RETRYABLE" /\ rec'.a = 0)
  /\ Once(16, "lateClaimLanded",
       Taken /\ \E c \in Calls : rec'.g = c /\ Moves(c, Gone, Gone))
  /\ Once(17, "orphanLapsed",
       /\ rec.s = "LOCKED" /\ rec.lease = "run" /\ rec'.lease = "over"
       /\ \E c \in Calls : rec.g = c /\ call[c].pc = "done")
  /\ Once(18, "ranTwice",
       cnt'.effects = 2 /\ cnt.effects = 1)
  /\ Once(19, "ranOnceAnswered",
       cnt.effects = 1 /\ ans = {} /\ ans' # {})
  /\ Once(20, "answersInTwoLives",
       \E x, y \in ans' : x[1] # y[1])
  /\ Once(21, "holderOutlivedItsRecord",
       \E c \in Calls : /\ Moves(c, {"settle"}, {"beaten"})
                       /\ IsLive(rec)
                       /\ ~\E x \in took : x.life = cnt.life /\ x.g = c)
  /\ Once(22, "purgeOutrun",
       doomed # Absent /\ doomed' = Absent /\ rec # doomed)
  /\ Once(23, "olderClaimWithdrawn", Changed /\ ~Taken /\ OlderClaimWithdrawn)

-------------------------------------------------------------------------------
\* Calls that differ in nothing may be exchanged.
Symmetry == Permutations(Alike)

=============================================================================
