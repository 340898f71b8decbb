using System.Collections.Immutable;
using CsCheck;
using Google.Protobuf;
using KeyMeld.Gateway.Signing.Rounds;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Gateway.Signing;

public class RoundMachineTests
{
    private static readonly RoundNodes Nodes = new(Enclaves: 3, Homes: 0);

    [Fact]
    public void A_signing_opens_and_signs_everywhere_and_combines_once()
    {
        var machine = new Machine(attempt: 1);
        Assert.Equal([new RoundEffect.Reserve(1, Written: true, Pause: 0)], machine.Effects);

        machine.Tell(new RoundInput.Reserved(1));
        Assert.Equal([Open(1, 0), Open(1, 1), Open(1, 2)], machine.Calls);
        machine.AnswerAll();
        Assert.Equal([Sign(1, 0), Sign(1, 1), Sign(1, 2)], machine.Calls);
        machine.AnswerAll();
        Assert.Equal([new RoundCall.Combine(1)], machine.Calls);
        machine.AnswerAll();

        var outcome = Assert.IsType<RoundState.Ended>(machine.State).Outcome;
        Assert.Equal(SigningState.Completed, outcome.State);
        Assert.Equal(Blob(1).ToByteArray(), outcome.Result);
    }

    [Fact]
    public void Round_one_is_kept_in_node_order_whatever_the_order_of_answers()
    {
        var machine = new Machine(attempt: 1);
        machine.Tell(new RoundInput.Reserved(1));
        foreach (var node in (int[])[2, 0, 1])
        {
            machine.Tell(new RoundInput.Answered(Open(1, node), Blob(1, node)));
        }
        Assert.Equal([0u, 1u, 2u], Assert.IsType<RoundState.Signing>(machine.State).Round1.Select(blob => blob.NodeIndex));
    }

    [Fact]
    public void An_enclave_that_lost_the_group_is_handed_it_in_the_same_attempt()
    {
        var machine = new Machine(attempt: 1);
        machine.Tell(new RoundInput.Reserved(1));
        machine.Refuse(Open(1, 1), ErrorCodes.NotLoaded);
        Assert.Equal([Open(1, 1) with { Try = 1, WithBundle = true }], machine.Calls);
    }

    [Theory]
    [InlineData(ErrorCodes.NotLoaded)]
    [InlineData(ErrorCodes.NonceAlreadyUsed)]
    [InlineData(ErrorCodes.RelayFault)]
    [InlineData(ErrorCodes.AttemptStale)]
    public void A_sign_that_cannot_be_answered_any_more_leads_to_the_next_attempt(string code)
    {
        var machine = Signing(attempt: 3);
        machine.Refuse(Sign(3, 2), code);
        Assert.Equal([new RoundEffect.Reserve(4, Written: false, Pause: 2)], machine.Effects);

        // What the given-up attempt still answers changes nothing.
        machine.Tell(new RoundInput.Answered(Sign(3, 0), Blob(3)));
        Assert.Equal(new RoundState.Reserving(4), machine.State);
        Assert.Empty(machine.Effects);
    }

    [Theory]
    [InlineData(ErrorCodes.EnclaveUnreachable)]
    [InlineData(ErrorCodes.EnclaveLocked)]
    public void An_enclave_that_is_away_parks_the_signing_until_it_is_back(string code)
    {
        var machine = Signing(attempt: 1);
        machine.Refuse(Sign(1, 0), code);
        Assert.Equal([new RoundEffect.Park()], machine.Effects);
        machine.Refuse(Sign(1, 1), code);
        Assert.Empty(machine.Effects);

        machine.Tell(new RoundInput.Back());
        Assert.Equal([new RoundEffect.Reserve(2, Written: false, Pause: 0)], machine.Effects);
    }

    [Fact]
    public void A_parked_signing_that_expires_says_who_was_away()
    {
        var machine = Signing(attempt: 1);
        machine.Refuse(Sign(1, 0), ErrorCodes.EnclaveUnreachable);
        machine.Tell(new RoundInput.Expired());

        var outcome = Assert.IsType<RoundState.Ended>(machine.State).Outcome;
        Assert.Equal((SigningState.Expired, ErrorCodes.EnclaveUnreachable), (outcome.State, outcome.Error!.Code));
    }

    [Fact]
    public void Combining_goes_on_after_the_request_expired_but_not_for_ever()
    {
        var machine = Combining();
        machine.Tell(new RoundInput.Expired());
        Assert.Equal([new RoundEffect.Grace()], machine.Effects);
        Assert.IsType<RoundState.Combining>(machine.State);

        machine.Tell(new RoundInput.Overdue());
        Assert.Equal(SigningState.Failed, Assert.IsType<RoundState.Ended>(machine.State).Outcome.State);
    }

    [Fact]
    public void Combining_goes_to_another_enclave_when_one_is_away()
    {
        var machine = Combining();
        machine.Refuse(new RoundCall.Combine(1), ErrorCodes.EnclaveUnreachable);
        Assert.Equal([new RoundCall.Combine(1, Try: 1)], machine.Calls);
    }

    [Theory]
    [InlineData(ErrorCodes.Expired, "Expired")]
    [InlineData(ErrorCodes.SigningClosed, "Expired")]
    [InlineData(ErrorCodes.Rejected, "Rejected")]
    [InlineData(ErrorCodes.ItemsInvalid, "Failed")]
    [InlineData(ErrorCodes.ApprovalsMissing, "Failed")]
    public void What_time_does_not_heal_is_final_at_once_and_keeps_its_code(string code, string state)
    {
        var machine = new Machine(attempt: 1);
        machine.Tell(new RoundInput.Reserved(1));
        machine.Refuse(Open(1, 0), code);

        var outcome = Assert.IsType<RoundState.Ended>(machine.State).Outcome;
        Assert.Equal((state, code), (outcome.State.ToString(), outcome.Error!.Code));
        Assert.Empty(machine.Effects);
    }

    [Fact]
    public void A_busy_enclave_is_asked_again_and_finally_given_up()
    {
        var machine = new Machine(attempt: 1);
        machine.Tell(new RoundInput.Reserved(1));
        RoundCall call = Open(1, 0);
        for (var tries = 1; tries <= Remedies.MaxTriesOf(call); tries++)
        {
            machine.Refuse(call, ErrorCodes.Busy);
            call = Assert.Single(machine.Calls);
            Assert.Equal(tries, call.Try);
        }
        machine.Refuse(call, ErrorCodes.Busy);
        Assert.Equal(ErrorCodes.Busy, Assert.IsType<RoundState.Ended>(machine.State).Outcome.Error!.Code);
    }

    [Fact]
    public void Attempts_are_bounded_and_never_repeated()
    {
        var machine = new Machine(attempt: 1);
        for (var attempt = 1; attempt < Limits.Attempts; attempt++)
        {
            machine.Tell(new RoundInput.Reserved(attempt));
            machine.Refuse(Open(attempt, 0), ErrorCodes.RelayFault);
            Assert.Equal(attempt + 1, Assert.IsType<RoundEffect.Reserve>(Assert.Single(machine.Effects)).Attempt);
        }
        machine.Tell(new RoundInput.Reserved(Limits.Attempts));
        machine.Refuse(Open(Limits.Attempts, 0), ErrorCodes.RelayFault);
        Assert.Equal(ErrorCodes.AttemptsExhausted, Assert.IsType<RoundState.Ended>(machine.State).Outcome.Error!.Code);

        Assert.IsType<RoundState.Ended>(new Machine(Limits.Attempts + 1).State);
    }

    [Fact]
    public void A_signing_that_somebody_else_ended_or_drives_is_let_go()
    {
        var machine = new Machine(attempt: 2);
        machine.Tell(new RoundInput.NotReserved());
        Assert.IsType<RoundState.Lost>(machine.State);
    }

    /// <summary>Whatever happens in whatever order: no call without its attempt reserved, no second Sign of an attempt with another round 1, the end is the end.</summary>
    [Fact]
    public void Any_sequence_of_events_keeps_the_rules_of_nonces() => Gen.Int[0, 5].Array[1, 200].Sample(choices =>
    {
        var machine = new Machine(attempt: 1);
        var reserved = 0;
        var signedWith = new Dictionary<int, ImmutableArray<RoundBlob>>();
        var open = new List<RoundEffect>(machine.Effects);
        var serial = 0;
        foreach (var choice in choices)
        {
            if (machine.State.IsOver || open.Count == 0)
            {
                break;
            }
            var effect = open[choice % open.Count];
            open.Remove(effect);
            RoundInput input = effect switch
            {
                RoundEffect.Reserve reserve => new RoundInput.Reserved(reserve.Attempt),
                RoundEffect.Call call => choice switch
                {
                    0 => new RoundInput.Refused(call.What, ErrorCodes.NotLoaded, ""),
                    1 => new RoundInput.Refused(call.What, ErrorCodes.EnclaveUnreachable, ""),
                    2 => new RoundInput.Refused(call.What, ErrorCodes.Busy, ""),
                    _ => new RoundInput.Answered(call.What, Blob(call.What.Attempt, NodeOf(call.What), ++serial)),
                },
                RoundEffect.Park => new RoundInput.Back(),
                _ => new RoundInput.Overdue(),
            };
            if (input is RoundInput.Reserved now)
            {
                Assert.Equal(reserved + 1, now.Attempt);
                reserved = now.Attempt;
            }
            machine.Tell(input);
            foreach (var call in machine.Calls)
            {
                Assert.Equal(reserved, call.Attempt);
                if (call is RoundCall.Sign)
                {
                    var round1 = Assert.IsType<RoundState.Signing>(machine.State).Round1;
                    Assert.True(signedWith.TryAdd(call.Attempt, round1) || signedWith[call.Attempt].SequenceEqual(round1));
                }
            }
            open.AddRange(machine.Effects);
        }
        if (machine.State.IsOver)
        {
            var end = machine.State;
            machine.Tell(new RoundInput.Expired());
            machine.Tell(new RoundInput.Answered(Open(1, 0), Blob(1)));
            Assert.Equal(end, machine.State);
            Assert.Empty(machine.Effects);
        }
    });

    private static Machine Signing(int attempt)
    {
        var machine = new Machine(attempt);
        machine.Tell(new RoundInput.Reserved(attempt));
        machine.AnswerAll();
        Assert.IsType<RoundState.Signing>(machine.State);
        return machine;
    }

    private static Machine Combining()
    {
        var machine = Signing(1);
        machine.AnswerAll();
        Assert.IsType<RoundState.Combining>(machine.State);
        return machine;
    }

    private static RoundCall.Open Open(int attempt, int node) => new(attempt, node);

    private static RoundCall.Sign Sign(int attempt, int node) => new(attempt, node);

    private static int NodeOf(RoundCall call) => call switch
    {
        RoundCall.Open open => open.Node,
        RoundCall.Sign sign => sign.Node,
        _ => 0,
    };

    private static RoundBlob Blob(int attempt, int node = 0, int serial = 0) => new() { Attempt = (uint)attempt, NodeIndex = (uint)node, Blob = ByteString.CopyFrom(BitConverter.GetBytes(serial)) };

    private sealed class Machine
    {
        /// <param name="attempt">1 from the beginning; a later one as after a restart, once the enclaves were found.</param>
        public Machine(int attempt)
        {
            (State, Effects) = attempt == 1 ? RoundMachine.Begin(Nodes) : RoundMachine.Resume(attempt - 1, Nodes);
            if (attempt > 1)
            {
                Assert.Equal([new RoundEffect.Park()], Effects);
                Tell(new RoundInput.Back());
            }
        }

        public RoundState State { get; private set; }

        public ImmutableArray<RoundEffect> Effects { get; private set; }

        public IEnumerable<RoundCall> Calls => Effects.OfType<RoundEffect.Call>().Select(call => call.What);

        public void Tell(RoundInput input) => (State, Effects) = RoundMachine.Transition(State, input, Nodes);

        public void Refuse(RoundCall call, string code) => Tell(new RoundInput.Refused(call, code, "Why."));

        public void AnswerAll()
        {
            foreach (var call in Calls.ToList())
            {
                Tell(new RoundInput.Answered(call, Blob(call.Attempt, NodeOf(call))));
            }
        }
    }
}
