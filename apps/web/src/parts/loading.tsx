export const Loading = ({ what }: { what: string }) => (
  <div class="loading" role="status">
    {what}
  </div>
);
