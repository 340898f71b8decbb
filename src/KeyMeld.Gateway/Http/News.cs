namespace KeyMeld.Gateway.Http;

/// <summary>Tells nothing but that something changed: whoever hears of it looks again.</summary>
internal sealed class News
{
    public static readonly News Here = new();

    private News()
    {
    }
}
