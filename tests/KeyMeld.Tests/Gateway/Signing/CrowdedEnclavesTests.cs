using KeyMeld.Gateway.Signing;
using KeyMeld.Gateway.Signing.Rounds;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Gateway.Signing;

/// <summary>Two gateways sign for one requester of one group, each with as many signings at once as an enclave keeps open: together they want twice that.</summary>
public class CrowdedEnclavesTests
{
    private const int Enclaves = 3;

    [Fact]
    public void Who_opens_enclaves_one_by_one_never_waits_for_who_waits_for_him() => Assert.All(Enumerable.Range(0, 500), seed => Assert.True(new Crowd(seed, oneByOne: true).AllEnd()));

    [Fact]
    public void Who_opens_them_at_once_does_on_some_days() => Assert.Contains(Enumerable.Range(0, 500), seed => !new Crowd(seed, oneByOne: false).AllEnd());

    [Fact]
    public void One_by_one_each_enclave_is_opened_once_the_one_before_has_answered_and_signs_beside_the_others()
    {
        var nodes = new RoundNodes(Enclaves, 0, OneByOne: true);
        var (state, effects) = RoundMachine.Transition(RoundMachine.Begin(nodes).State, new RoundInput.Reserved(1), nodes);
        for (var node = 0; node < Enclaves; node++)
        {
            var call = Assert.IsType<RoundCall.Open>(Assert.IsType<RoundEffect.Call>(Assert.Single(effects)).What);
            Assert.Equal(node, call.Node);
            (state, effects) = RoundMachine.Transition(state, new RoundInput.Answered(call, new RoundBlob { Attempt = 1 }), nodes);
        }
        Assert.Equal([0, 1, 2], effects.Select(effect => Assert.IsType<RoundCall.Sign>(((RoundEffect.Call)effect).What).Node));
    }

    [Fact]
    public void An_enclave_that_is_busy_is_asked_several_times_a_second_however_often_it_was()
    {
        Assert.Equal(TimeSpan.FromMilliseconds(20), SigningCalls.Pause(new RoundCall.Open(1, 0, Try: 1)));
        Assert.Equal(TimeSpan.FromMilliseconds(250), SigningCalls.Pause(new RoundCall.Open(1, 0, Try: 900)));
        Assert.Equal(TimeSpan.FromSeconds(2), SigningCalls.Pause(new RoundCall.Combine(1, Try: 90)));
    }

    // The schedule is drawn from the seed; a busy enclave is asked again only where that helps, so that what does not end is stuck.
    private sealed class Crowd
    {
        private readonly Random _random;
        private readonly List<One> _waiting;
        private readonly List<One> _inRounds = [];
        private readonly HashSet<One>[] _open = [.. Enumerable.Range(0, Enclaves).Select(_ => new HashSet<One>())];

        public Crowd(int seed, bool oneByOne)
        {
            _random = new Random(seed);
            _waiting = [.. Enumerable.Range(0, 24).Select(index => new One(index % 2, Signers(), oneByOne))];
        }

        public bool AllEnd()
        {
            while (true)
            {
                TakeTurns();
                if (_inRounds.Count == 0)
                {
                    return true;
                }
                var due = _inRounds.SelectMany(one => one.Due.Where(effect => !IsInVain(one, effect)).Select(effect => (One: one, Effect: effect))).ToList();
                if (due.Count == 0)
                {
                    return false;
                }
                var (chosen, what) = due[_random.Next(due.Count)];
                chosen.Tell(what, Answer(chosen, what));
                if (chosen.State is RoundState.Ended ended)
                {
                    Assert.Equal(SigningState.Completed, ended.Outcome.State);
                    _inRounds.Remove(chosen);
                }
            }
        }

        // Members differ from request to request; node order is the enclaves' order in the manifest.
        private int[] Signers()
        {
            int[] signers = [.. Enumerable.Range(0, Enclaves).Where(_ => _random.Next(4) > 0)];
            return signers.Length > 0 ? signers : [0, 1, 2];
        }

        private void TakeTurns()
        {
            foreach (var one in _waiting.ToList())
            {
                if (_inRounds.Count(other => other.Gateway == one.Gateway) < Limits.OpenRequestsOfRequester)
                {
                    _waiting.Remove(one);
                    _inRounds.Add(one);
                }
            }
        }

        private bool IsInVain(One one, RoundEffect effect) => effect is RoundEffect.Call { What: RoundCall.Open { Try: > 0 } open } && IsFull(one.Signers[open.Node]);

        private bool IsFull(int enclave) => _open[enclave].Count >= Limits.OpenRequestsOfRequester;

        private RoundInput Answer(One one, RoundEffect effect)
        {
            switch (effect)
            {
                case RoundEffect.Reserve reserve:
                    return new RoundInput.Reserved(reserve.Attempt);
                case RoundEffect.Call { What: RoundCall.Open open } when IsFull(one.Signers[open.Node]):
                    return new RoundInput.Refused(open, ErrorCodes.Busy, "");
                case RoundEffect.Call { What: RoundCall.Open open }:
                    _open[one.Signers[open.Node]].Add(one);
                    return Answered(open);
                case RoundEffect.Call { What: RoundCall.Sign sign }:
                    _open[one.Signers[sign.Node]].Remove(one);
                    return Answered(sign);
                default:
                    return Answered(((RoundEffect.Call)effect).What);
            }
        }

        private static RoundInput.Answered Answered(RoundCall call) => new(call, new RoundBlob { Attempt = (uint)call.Attempt });
    }

    private sealed class One
    {
        private readonly RoundNodes _nodes;

        public One(int gateway, int[] signers, bool oneByOne)
        {
            (Gateway, Signers, _nodes) = (gateway, signers, new RoundNodes(signers.Length, 0, oneByOne));
            (State, var effects) = RoundMachine.Begin(_nodes);
            Due.AddRange(effects);
        }

        public int Gateway { get; }

        public int[] Signers { get; }

        public RoundState State { get; private set; }

        public List<RoundEffect> Due { get; } = [];

        public void Tell(RoundEffect done, RoundInput input)
        {
            Due.Remove(done);
            (State, var effects) = RoundMachine.Transition(State, input, _nodes);
            Due.AddRange(effects);
        }
    }
}
